/** The chain of the audit: each entry's hash holds the one before, so none is altered or taken out unseen. */
import { createHash } from 'node:crypto';
import type { AuditEntry, AuditVerdict } from '../contract/audit.ts';

export type Noted = Omit<AuditEntry, 'number' | 'lane' | 'hash'>;

export interface Head {
  readonly number: number;
  readonly hash: string;
}

/** Of a lane in which nothing is yet. The namespace is in it, so that no chain passes for another's. */
export const beginning = (namespace: string, lane: string): Head => ({
  number: 0,
  hash: createHash('sha256')
    .update(JSON.stringify(['audit', namespace, lane]))
    .digest('hex'),
});

function hashOf(before: string, entry: Omit<AuditEntry, 'hash'>): string {
  const { number, lane, at, kind, caller, from, operation, object, status } = entry;
  const fields = [number, lane, at, kind, caller, from, operation, object, status];
  return createHash('sha256')
    .update(JSON.stringify([before, ...fields]))
    .digest('hex');
}

/** The entries as they follow `head`. */
export function chained(head: Head, lane: string, noted: readonly Noted[]): AuditEntry[] {
  let { number, hash } = head;
  return noted.map((note) => {
    number++;
    const entry = { ...note, number, lane };
    hash = hashOf(hash, entry);
    return { ...entry, hash };
  });
}

type Wrong = AuditVerdict['wrong'][number];

/** Follows one lane; entries come in their order. */
export class ChainCheck {
  readonly #lane: string;
  #head: Head;
  #wrong: Wrong | undefined;
  #entries = 0;

  constructor(namespace: string, lane: string) {
    this.#lane = lane;
    this.#head = beginning(namespace, lane);
  }

  add(entry: AuditEntry): void {
    this.#entries++;
    const expected = this.#head.number + 1;
    if (entry.number !== expected) this.#found(expected, 'missing');
    else if (hashOf(this.#head.hash, entry) !== entry.hash) this.#found(expected, 'altered');
    this.#head = { number: entry.number, hash: entry.hash };
  }

  /** `last`: how far the lane had come, as it is kept apart. */
  end(last: Head | undefined): {
    readonly entries: number;
    readonly head: Head;
    readonly wrong: Wrong | undefined;
  } {
    if (last !== undefined && last.number > this.#head.number)
      this.#found(this.#head.number + 1, 'cut off');
    return { entries: this.#entries, head: this.#head, wrong: this.#wrong };
  }

  #found(number: number, reason: Wrong['reason']): void {
    this.#wrong ??= { lane: this.#lane, number, reason };
  }
}
