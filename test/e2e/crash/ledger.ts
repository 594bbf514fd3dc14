import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';

export interface Entry {
  readonly id: string;
  /** The place of its kind in the list. */
  readonly kind: number;
  readonly n: number;
  /** A cancel of it was asked for, or answered. */
  readonly word: 'asked' | 'accepted' | 'cancelling' | 'cancelled';
}

/** What the client asked for and what it was answered, in a file of its own: the server can't forget it for us. */
export class Ledger {
  readonly #file: number;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'a');
  }

  write(entries: readonly Entry[]): void {
    writeSync(this.#file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  }

  /** All entries of each run. */
  read(): ReadonlyMap<string, readonly Entry[]> {
    const byRun = new Map<string, Entry[]>();
    for (const line of readFileSync(this.#path, 'utf8').split('\n')) {
      if (line === '') continue;
      const entry = JSON.parse(line) as Entry;
      byRun.set(entry.id, [...(byRun.get(entry.id) ?? []), entry]);
    }
    return byRun;
  }

  close(): void {
    fsyncSync(this.#file);
    closeSync(this.#file);
  }
}
