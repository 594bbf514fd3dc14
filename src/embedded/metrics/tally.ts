/** What is counted of what passes by. Counts begin with the process; what comes twice by the feed is counted twice. */
import type { Report } from '../../contract/happening.ts';
import { isEnded, type RunState } from '../../contract/state.ts';
import type { Meta } from '../../engine/items.ts';
import type { Mended } from '../visits.ts';
import { Spread } from './spread.ts';

/** Names of workflows are users' own: beyond so many, the others are counted together. */
const workflowsMax = 200;
export const otherWorkflows = 'other';

export interface WorkflowTally {
  submitted: number;
  readonly ended: { [state in RunState]?: number };
  readonly attempts: { [outcome in Report['outcome']]?: number };
}

const more = <Name extends string>(counts: { [name in Name]?: number }, name: Name): void => {
  counts[name] = (counts[name] ?? 0) + 1;
};

/** The spread of its kind, made when it is first wanted. */
function spreadOf<Name>(spreads: Map<Name, Spread>, name: Name): Spread {
  let spread = spreads.get(name);
  if (spread === undefined) {
    spread = new Spread();
    spreads.set(name, spread);
  }
  return spread;
}

export class Tally {
  readonly workflows = new Map<string, WorkflowTally>();
  readonly runTimes = new Map<RunState, Spread>();
  readonly attemptTimes = new Map<Report['outcome'], Spread>();
  /** From when a message was sent until a runner took it, by queue. */
  readonly waits = new Map<string, Spread>();
  readonly mended = { lostWithRunners: 0, resent: 0, lost: 0, deadLetters: 0 };
  /** Runs that have not ended: those of processes before this one are stored again when they are visited at the start. */
  readonly #open = new Map<string, RunState>();
  retries = 0;
  losses = 0;

  readonly stored = (meta: Meta, isNew: boolean): void => {
    const { id, state, workflow, createdAt, endedAt } = meta;
    if (isNew) this.#of(workflow).submitted++;
    if (!isEnded(state)) this.#open.set(id, state);
    // What is stored of it later, as when it is archived, is no second end.
    else if (this.#open.delete(id)) {
      more(this.#of(workflow).ended, state);
      spreadOf(this.runTimes, state).note((endedAt ?? createdAt) - createdAt);
    }
  };

  reported(workflow: string | undefined, report: Report): void {
    const { outcome, attempt, startedAt, endedAt } = report;
    more(this.#of(workflow ?? otherWorkflows).attempts, outcome);
    if (attempt > 1) this.retries++;
    if (outcome !== 'released') spreadOf(this.attemptTimes, outcome).note(endedAt - startedAt);
  }

  taken(queue: string, waitedMs: number): void {
    spreadOf(this.waits, queue).note(waitedMs);
  }

  readonly mend = (mended: Mended): void => {
    for (const kind of Object.keys(this.mended) as (keyof Mended)[])
      this.mended[kind] += mended[kind];
  };

  openByState(): ReadonlyMap<RunState, number> {
    const counts = new Map<RunState, number>();
    for (const state of this.#open.values()) counts.set(state, (counts.get(state) ?? 0) + 1);
    return counts;
  }

  #of(workflow: string): WorkflowTally {
    const name =
      this.workflows.size < workflowsMax || this.workflows.has(workflow)
        ? workflow
        : otherWorkflows;
    let tally = this.workflows.get(name);
    if (tally === undefined) {
      tally = { submitted: 0, ended: {}, attempts: {} };
      this.workflows.set(name, tally);
    }
    return tally;
  }
}
