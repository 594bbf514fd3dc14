import type { Clock } from '../ports/clock.ts';
import type { Attempt, Ending } from './attempt.ts';
import type { Control } from './control.ts';
import type { Guard } from './guard.ts';
import type { LogPump } from './log-pump.ts';
import type { Outbox } from './outbox.ts';
import type { Interpreters } from './program-order.ts';
import type { Sweeper } from './sweeper.ts';

/** What all parts of one executor use. */
export interface Shared {
  readonly clock: Pick<Clock, 'now'>;
  readonly outbox: Outbox;
  readonly logs: LogPump;
  readonly control: Control;
  readonly guard: Guard;
  readonly sweeper: Sweeper;
  readonly interpreters: Interpreters;
  /** This executor's folder. */
  readonly folder: string;
  /** Begins the TASK_TOKEN of every process of this executor. */
  readonly token: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logBytesMax: number;
  readonly outputBytesMax: number;
  began(attempt: Attempt, at: number): void;
  finish(attempt: Attempt, ending: Ending): void;
}
