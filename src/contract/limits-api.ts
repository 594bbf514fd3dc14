/** What the API tells and takes of limits. */
import type { PageOf } from './api.ts';
import type { LimitBounds, PlaceKind, RateLimit, SlotHolderView } from './limits.ts';

/** One bound of one key of a limit, or of all its keys together. */
export interface LimitView {
  /** `workflow/limit`, of a shared one its name. */
  readonly limit: string;
  readonly key?: string;
  readonly kind: PlaceKind;
  readonly max?: number;
  readonly rate?: RateLimit;
  /** How many hold it now, and the first of them. */
  readonly held: number;
  readonly holders: readonly SlotHolderView[];
  /** How many wait, up to 1,000. */
  readonly waiting: number;
  /** Of a rate that has run dry: when the next token is there, epoch ms. */
  readonly nextAt?: number;
}

/** A limit that workflows share. */
export interface SharedLimitView extends LimitBounds {
  readonly name: string;
}

export interface LimitsQuery {
  /** Only of this one. */
  readonly name?: string;
  readonly after?: string;
  readonly limit?: number;
}

/** What can be asked of limits, and set: of the engine, or of a server. */
export interface Limits {
  /** Places that are in use, or were not long ago. A page may be short and have a next one. */
  list(query: LimitsQuery): Promise<PageOf<LimitView>>;
  /** Those that workflows share. */
  shared(): Promise<readonly SharedLimitView[]>;
  one(name: string): Promise<SharedLimitView>;
  /** Of a limit that workflows share; what waits may go on at once. */
  set(name: string, bounds: LimitBounds): Promise<SharedLimitView>;
  remove(name: string): Promise<void>;
}
