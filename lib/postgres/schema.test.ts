import { describe, expect, it } from 'vitest';
import { cleanDump } from './schema.ts';

const BODY = `CREATE FUNCTION public.header() RETURNS text
    LANGUAGE sql
    AS $$ select '
-- Dumped from database version 15
-- Dumped by pg_dump version 15
\\restrict yourself
\\unrestrict yourself
' $$;
`;
const DUMP = `--
-- PostgreSQL database dump
--

\\restrict Rnd0m

-- Dumped from database version 18.4
-- Dumped by pg_dump version 18.4

SET statement_timeout = 0;
SET transaction_timeout = 0;

${BODY}
ALTER TABLE ONLY public.t ALTER COLUMN c SET (pg_attver='2');
--
-- PostgreSQL database dump complete
--

\\unrestrict Rnd0m

`;

describe('a dump that is kept', () => {
  it('holds nothing of this one dump or this one server', () => {
    expect(cleanDump(DUMP)).not.toMatch(/Rnd0m|18\.4|pg_attver|^SET transaction_timeout/m);
    expect(cleanDump(DUMP)).toBe(cleanDump(DUMP.replaceAll('Rnd0m', 'other').replaceAll('18.4', '17.1')));
  });

  it('keeps every line of a function, whatever it looks like', () => {
    expect(cleanDump(DUMP)).toContain(BODY);
  });

  it('is left alone when it has no head of this kind', () => {
    expect(cleanDump('')).toBe('');
    expect(cleanDump(BODY)).toBe(BODY);
  });
});
