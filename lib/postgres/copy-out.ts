import type pg from 'pg';
import { BackupError } from '#lib/backup/errors.ts';
import { qualified, quoted } from '#lib/backup/sql-text.ts';
import { asSourceError } from './connect.ts';
import { CopyFrames, type RowSink } from './copy-frames.ts';
import type { SourceTable } from './tables.ts';

export type { RowSink };

/** The statement that writes a table's stored columns as COPY text. A column list cannot be empty: then it is left away. */
export function copyOutStatement(table: SourceTable): string {
  const columns = table.columns.filter((column) => !column.isGenerated).map((column) => quoted(column.name));
  return `copy ${qualified(table)}${columns.length === 0 ? '' : ` (${columns.join(', ')})`} to stdout`;
}

/** How long a server may send nothing of a table while its rows are waited for: longer means that nobody is there any more. */
export const SILENCE_MS = 600_000;

/**
 * Streams a table's rows into the sink. The frames of the protocol are taken straight off the socket, because an event for
 * each row costs more than encoding it. After an error the client cannot be used again: leaving a COPY early hangs it.
 * @throws BackupError ROWS_HIDDEN, TABLE_NOT_READABLE, SOURCE_CONNECTION_LOST (also after `silenceMs` of silence), QUERY_FAILED;
 *   and what the sink throws
 */
export async function copyOut(client: pg.Client, table: SourceTable, sink: RowSink, silenceMs: number = SILENCE_MS): Promise<void> {
  const where = `Table ${table.schema}.${table.name}`;
  const query = new CopyOutQuery(copyOutStatement(table), sink, where, silenceMs);
  try {
    client.query(query);
    await query.done;
  } catch (error) {
    throw asSourceError(error, where);
  }
}

type DataListener = (chunk: Buffer) => void;

/** A query of `pg` that takes over the socket's data while rows flow, and gives it back for everything else. */
class CopyOutQuery {
  readonly done: Promise<void>;
  readonly #statement: string;
  readonly #sink: RowSink;
  readonly #where: string;
  readonly #silenceMs: number;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(statement: string, sink: RowSink, where: string, silenceMs: number) {
    this.#statement = statement;
    this.#sink = sink;
    this.#where = where;
    this.#silenceMs = silenceMs;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Called by `pg` when it is this query's turn. */
  submit(connection: pg.Connection): void {
    const { stream } = connection;
    const frames = new CopyFrames(this.#sink);
    const drivers = stream.listeners('data').filter(isDataListener);
    const fail = (error: unknown): void => {
      this.#reject(error);
      stream.destroy();
    };
    // A link that broke without a word would be waited on for ever. While the sink is not ready, the silence is our own.
    const silence = setTimeout(() => {
      if (stream.isPaused()) silence.refresh();
      else fail(new BackupError('SOURCE_CONNECTION_LOST', `${this.#where}: it sent nothing for ${this.#silenceMs / 1000} s.`));
    }, this.#silenceMs);
    const calm = (): void => clearTimeout(silence);
    this.done.then(calm, calm);
    const goOn = (): void => {
      silence.refresh();
      stream.resume();
    };
    const take = (chunk: Buffer): void => {
      silence.refresh();
      try {
        const restAt = frames.read(chunk);
        if (restAt >= 0) {
          stream.removeListener('data', take);
          for (const driver of drivers) stream.on('data', driver);
          for (const driver of drivers) driver(chunk.subarray(restAt));
        } else if (!frames.isSinkReady) {
          stream.pause();
          this.#sink.ready().then(goOn, fail);
        }
      } catch (error) {
        fail(error);
      }
    };
    for (const driver of drivers) stream.removeListener('data', driver);
    stream.on('data', take);
    connection.query(this.#statement);
  }

  handleError(error: unknown): void {
    this.#reject(error);
  }
  handleReadyForQuery(): void {
    this.#resolve();
  }
  /** A row that reached the driver was not counted by us: fail rather than lose it. */
  handleCopyData(): void {
    this.#reject(new Error('A row arrived after the end of the rows.'));
  }
  handleCommandComplete(): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
  handleCopyInResponse(): void {}
}

function isDataListener(listener: unknown): listener is DataListener {
  return typeof listener === 'function';
}
