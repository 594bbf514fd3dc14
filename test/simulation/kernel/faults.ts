/**
 * Every fault the world can have, with the highest rate that a seed may draw for it. Of calls: per call. Of messages,
 * records, pages and changes: for each. Of actors and ports: per minute.
 *
 * 0: only in a world that asks for it, since it breaks a promise of the ports, which only repair can heal.
 */
export const faultRatesMax = {
  /** The call was refused. */
  throttle: 0.15,
  /** The call was applied, its answer was lost. */
  ambiguous: 0.1,
  /** The caller was told that it failed; it is applied later. */
  straggler: 0.04,
  /** The caller dies; the call never left. */
  'crash-before': 0.02,
  /** The call was applied; the caller dies before the answer. */
  'crash-after': 0.02,
  /** The call takes long to arrive. */
  slow: 0.1,
  /** The call is applied soon; its answer takes long. */
  'slow-answer': 0.06,
  /** Of a call that stands for many, some are applied; the caller hears `Unavailable`, or dies. */
  partial: 0.2,
  /** Of a call that stands for many, some are applied now and the rest later. */
  torn: 0.4,
  'index-late': 1,
  'page-cut': 0.2,
  'expiry-late': 1,
  'queue-late': 0.3,
  'queue-shuffled': 1,
  'queue-doubled': 0.3,
  'queue-kept': 0.3,
  'queue-lost': 0,
  'feed-late': 0.3,
  'feed-shuffled': 1,
  'feed-again': 0.3,
  'feed-discarded': 0,
  /** The actor dies, wherever it is. */
  kill: 3,
  /** The actor stands still for a while, and does not know it. */
  freeze: 2,
  /** The actor's clock jumps by up to an hour. */
  jump: 0.3,
  /** A port answers nobody for 2 to 22 s. */
  outage: 1.5,
  /** Where the table lives in the actor that dies: of what it had not made durable yet, the last is lost. */
  'unsynced-lost': 1,
} as const;
export type Fault = keyof typeof faultRatesMax;
export type Rates = { readonly [fault in Fault]: number };

export const faults = Object.keys(faultRatesMax) as readonly Fault[];

/** Those that hit one call, in the order in which they are tried. */
export const callFaults = [
  'throttle',
  'ambiguous',
  'straggler',
  'crash-before',
  'crash-after',
  'slow',
  'slow-answer',
  'partial',
  'torn',
] as const satisfies readonly Fault[];
export type CallFault = (typeof callFaults)[number];

/** Of every call's faults, those that can meet what is no call over a wire. */
export const localFaults: readonly CallFault[] = ['crash-before', 'crash-after', 'slow'];
