export interface Ids {
  /** A ULID; those of one process rise. */
  next(): string;
}
