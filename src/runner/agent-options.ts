import type { Executor, ExecutorEvents } from '../contract/execution.ts';
import type { RunStates } from './admission.ts';

export interface AgentOptions {
  /** This runner's incarnation: a ULID, new at each start. */
  readonly id: string;
  readonly pool: string;
  readonly slots: number;
  /** How long reports may wait for company, while more is at work. */
  readonly lingerMs: number;
  /**
   * How long what could start waits for others, while more is at work: slots come free one by one, and what is claimed
   * together is one write and one read. Default: 0.
   */
  readonly gatherMs?: number;
  /** How often the runs of what is held are asked whether they were cancelled. */
  readonly controlMs: number;
  /** How long an empty queue is waited at. */
  readonly waitMs: number;
  /** Messages to take in one go. 0: none, what is to be run comes by `handle`. */
  readonly takeMax: number;
  readonly executor: (events: ExecutorEvents) => Executor;
  /** States of runs, as strong as a read of the table. Default: that read. */
  readonly states?: RunStates;
  /** A bug of ours, or damage: something that the agent can't go on with. */
  readonly failed: (error: unknown) => void;
}
