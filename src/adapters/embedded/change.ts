import type { Condition, Item } from '../../ports/table.ts';
import type { Row } from './row.ts';

/** One put or, without a row, one removal. */
export interface Change {
  readonly k: string;
  readonly row: Row | undefined;
  /** As the caller gave it: what the feed hands on. */
  readonly item: Item | undefined;
  readonly condition: Condition;
  readonly unhurried?: boolean | undefined;
}
