import { headers } from 'next/headers';

/** The first language of the reader's browser that Intl knows; `en` when there is none. Numbers and dates follow it, words stay English. */
export async function readerLocale(): Promise<string> {
  return firstKnownLocale((await headers()).get('accept-language') ?? '');
}

/** The first usable tag of an Accept-Language header. */
export function firstKnownLocale(header: string): string {
  for (const part of header.split(',')) {
    const tag = part.split(';')[0].trim();
    if (/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(tag) && Intl.NumberFormat.supportedLocalesOf([tag]).length > 0) return tag;
  }
  return 'en';
}
