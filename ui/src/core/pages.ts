// A long list of the API, kept in pages: those around what is seen, not all that was.
//
// A page is `size` rows behind a cursor; the cursor of a page is known when the one before it
// has been read.  Not for more than one list at a time: make a new one for another question.

import { signal } from "@preact/signals";

export interface Slice<T> {
  rows: T[];
  total: number;
  next: string; // "": there are no more
}
export type Fetch<T> = (after: string, limit: number, signal: AbortSignal) => Promise<Slice<T>>;

export class Pages<T> {
  // Raised whenever something here has changed.
  readonly changed = signal(0);
  readonly error = signal<Error | null>(null);
  total = 0;
  private pages = new Map<number, T[]>();
  private cursors: string[] = [""]; // of each page that is known
  private ended = false;
  private lastLength = 0; // rows of the last page, which may be forgotten
  private wanted: [number, number] = [0, 0];
  private busy = false;
  private stale = false;
  private outdated = new Set<number>(); // pages that are shown until they are read again
  private readonly abort = new AbortController();

  constructor(
    private readonly fetch: Fetch<T>,
    private readonly size = 200,
    private readonly kept = 24,
  ) {}

  // Rows that can be scrolled to: all that were found, and a page beyond them if there are more.
  get count(): number {
    const last = this.cursors.length - 1;
    if (this.ended) return last * this.size + (this.pages.get(last)?.length ?? this.lastLength);
    return Math.min(this.total, this.cursors.length * this.size);
  }

  get loaded(): boolean {
    return this.pages.size > 0 || this.ended;
  }

  row(index: number): T | undefined {
    return this.pages.get(Math.floor(index / this.size))?.[index % this.size];
  }

  // Says which rows are seen; what is missing of them is fetched.
  want(first: number, end: number): void {
    const page = (index: number) => Math.max(0, Math.floor(index / this.size));
    this.wanted = [page(first), page(Math.max(first, end - 1))];
    void this.work();
  }

  // What is seen may have changed: it is read again.
  refresh(): void {
    this.stale = true;
    void this.work();
  }

  close(): void {
    this.abort.abort();
  }

  private async work(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      for (let page = this.nextJob(); page >= 0; page = this.nextJob()) await this.load(page);
      this.error.value = null;
    } catch (error) {
      if (!this.abort.signal.aborted) this.error.value = error as Error;
    } finally {
      this.busy = false;
    }
  }

  // -1: nothing is missing.
  private nextJob(): number {
    if (this.abort.signal.aborted) return -1;
    if (this.stale) {
      this.stale = false;
      this.outdated.clear();
      const [first, last] = this.wanted;
      for (const page of this.pages.keys())
        if (page < first || page > last) this.pages.delete(page);
      for (const page of this.pages.keys()) this.outdated.add(page);
    }
    const [first, last] = this.wanted;
    for (let page = first; page <= last; page++) {
      const known = page < this.cursors.length;
      if (!known && this.ended) break;
      if (!known) return this.cursors.length - 1; // read again for its cursor
      if (!this.pages.has(page) || this.outdated.has(page)) return page;
    }
    return -1;
  }

  private async load(page: number): Promise<void> {
    const rows: T[] = [];
    let after = this.cursors[page] ?? "";
    // A server may give fewer rows than asked for although there are more.
    do {
      const slice = await this.fetch(after, this.size - rows.length, this.abort.signal);
      rows.push(...slice.rows);
      this.total = slice.total;
      after = slice.next;
    } while (after !== "" && rows.length < this.size);
    this.outdated.delete(page);
    this.pages.set(page, rows);
    if (this.cursors[page + 1] !== (after || undefined)) {
      // What lies behind begins elsewhere now.
      this.cursors.length = page + 1;
      this.ended = false;
      for (const other of this.pages.keys()) if (other > page) this.pages.delete(other);
      if (after !== "") this.cursors.push(after);
    }
    if (after === "") {
      this.ended = true;
      this.lastLength = rows.length;
    }
    this.forgetFar(page);
    this.changed.value++;
  }

  private forgetFar(near: number): void {
    const far = [...this.pages.keys()].sort((a, b) => Math.abs(b - near) - Math.abs(a - near));
    for (const page of far.slice(0, Math.max(0, far.length - this.kept))) this.pages.delete(page);
  }
}
