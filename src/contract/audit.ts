/** Words of the audit: who changed what, when, and from where. */
import * as z from 'zod';

export interface AuditEntry {
  /** From 1 on, without a gap, in its lane. */
  readonly number: number;
  readonly lane: string;
  /** Epoch ms. */
  readonly at: number;
  /** `owner`, `account`, `key` or `open`, and the name. */
  readonly kind: string;
  readonly caller: string;
  /** The address that it came from. */
  readonly from: string;
  /** The operation, as the description of the API names it. */
  readonly operation: string;
  /** The address of what was asked for, or made. */
  readonly object: string;
  /** Of the answer: refused ones are noted too. */
  readonly status: number;
  /** SHA-256 of the hash before and of all above. */
  readonly hash: string;
}

export interface AuditVerdict {
  readonly entries: number;
  /** Of each lane: the last number and hash. Keep them elsewhere, and nobody can make all of it anew. */
  readonly heads: readonly {
    readonly lane: string;
    readonly number: number;
    readonly hash: string;
  }[];
  /** The first that is not as it was written, in each lane. */
  readonly wrong: readonly {
    readonly lane: string;
    readonly number: number;
    readonly reason: 'altered' | 'missing' | 'cut off';
  }[];
}

export const AuditParams = z.strictObject({
  after: z.string().min(1).max(128).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
