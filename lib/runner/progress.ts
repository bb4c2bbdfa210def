import type { Progress } from '#lib/backup/backup.ts';

/** How often progress is told at most: quick for the eye, nothing for the machine. */
const REPORT_EVERY_MS = 250;

/** Keeps the state of a run and tells it, a few times a second at most and at each change of phase. */
export class ProgressReport {
  readonly #tell: (progress: Progress) => void;
  #now: Progress = {
    phase: 'connecting',
    table: null,
    tablesDone: 0,
    tablesTotal: 0,
    rows: 0,
    rowsExpected: 0,
    sizeBytes: 0,
    startedAt: new Date().toISOString(),
  };
  #rowsBefore = 0;
  #sizeBytesBefore = 0;
  #toldAt = 0;

  constructor(tell: (progress: Progress) => void) {
    this.#tell = tell;
    tell(this.#now);
  }

  enter(phase: Progress['phase']): void {
    this.#set({ phase, table: null });
    this.#tell(this.#now);
  }

  plan(tablesTotal: number, rowsExpected: number): void {
    this.#set({ tablesTotal, rowsExpected: Math.round(rowsExpected) });
    this.enter('rows');
  }

  begin(table: string): void {
    this.#set({ table });
    this.#tell(this.#now);
  }

  /** Rows and bytes of the table at work. */
  update(rows: number, sizeBytes: number): void {
    const now = performance.now();
    if (now - this.#toldAt < REPORT_EVERY_MS) return;
    this.#toldAt = now;
    this.#set({ rows: this.#rowsBefore + rows, sizeBytes: this.#sizeBytesBefore + sizeBytes });
    this.#tell(this.#now);
  }

  /** The table at work is done. */
  end(rows: number, sizeBytes: number): void {
    this.#rowsBefore += rows;
    this.#sizeBytesBefore += sizeBytes;
    this.#set({ rows: this.#rowsBefore, sizeBytes: this.#sizeBytesBefore, tablesDone: this.#now.tablesDone + 1 });
  }

  #set(change: Partial<Progress>): void {
    this.#now = { ...this.#now, ...change };
  }
}
