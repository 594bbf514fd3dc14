import type { AttemptResult } from '../contract/execution.ts';
import type { RunState } from '../contract/state.ts';
import { fromData, type Meta, metaKey } from '../engine/items.ts';
import { type Claimed, meetClaimed } from '../engine/meet-claimed.ts';
import { mayPass } from '../engine/passing.ts';
import type { EngineSettings } from '../engine/settings.ts';
import type { Ports } from '../ports/ports.ts';
import type { Claims } from './claims.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { Held } from './held.ts';
import type { Holdings } from './holdings.ts';
import { insist } from './insist.ts';

/** What a run's META says of which attempts it wants. */
export interface RunStanding {
  readonly state: RunState;
  readonly generation: number;
}

/** How runs stand, as strong as a read of the table; undefined for a run that is not there. */
export type RunStates = (
  runs: readonly string[],
) => Promise<ReadonlyMap<string, RunStanding | undefined>>;

export interface AdmissionParts {
  readonly ports: Pick<Ports, 'table' | 'clock'>;
  readonly settings: EngineSettings;
  readonly owner: string;
  readonly claims: Claims;
  readonly heartbeat: Heartbeat;
  readonly holdings: Holdings;
  readonly states: RunStates;
  /** Hears of attempts that were claimed and end without having run. */
  readonly ended: (results: readonly AttemptResult[]) => void;
}

/** Decides which attempts start here: those that are claimed, and whose run still wants them. */
export class Admission {
  readonly #parts: AdmissionParts;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  async admit(chosen: readonly Held[]): Promise<readonly Held[]> {
    const fresh = chosen.filter((held) => this.#parts.holdings.add(held));
    return this.wanted(await this.#claim(fresh));
  }

  /** Of what was claimed, that whose run still wants it. */
  async wanted(claimed: readonly Held[]): Promise<readonly Held[]> {
    const { ports, holdings, ended } = this.#parts;
    const runs = [...new Set(claimed.map(({ run }) => run))];
    if (runs.length === 0) return [];
    const states = await insist(ports, () => this.#parts.states(runs));
    const now = ports.clock.now();
    return claimed.filter((held) => {
      const standing = states.get(held.run);
      if (isHeldBack(held, standing)) ended([neverRan(held, 'released', now)]);
      else if (!isWanted(held, standing)) holdings.letGo(held);
      else if (held.notAfter > 0 && now > held.notAfter) ended([neverRan(held, 'failed', now)]);
      else return true;
      return false;
    });
  }

  /** Those that are ours to run. */
  async #claim(chosen: readonly Held[]): Promise<readonly Held[]> {
    const { claims, heartbeat, owner } = this.#parts;
    const toClaim = chosen.filter(({ delivery }) => delivery !== 'at-least-once');
    if (toClaim.length === 0) return chosen;
    await heartbeat.fresh();
    const answers = await claims.claim(toClaim, owner);
    const refused = new Map<Held, Claimed>();
    for (const [i, answer] of answers.entries()) {
      const held = toClaim[i] as Held;
      held.granted = answer.granted;
      if (answer.granted) continue;
      const { run, task, attempt, follow } = held;
      refused.set(held, { run, task, attempt, follow, owner: answer.owner, at: answer.at });
    }
    if (refused.size === 0) return chosen;
    await this.#meet(refused);
    return chosen.filter((held) => !refused.has(held));
  }

  async #meet(refused: ReadonlyMap<Held, Claimed>): Promise<void> {
    const { ports, settings, holdings } = this.#parts;
    const meetings = await meetClaimed(ports, settings, [...refused.values()]).catch((error) => {
      // Who can't be looked at now is looked at when the message comes again.
      if (mayPass(error)) return [];
      throw error;
    });
    for (const [i, held] of [...refused.keys()].entries()) {
      if ((meetings[i] ?? 'early') === 'early') holdings.leave(held);
      else holdings.letGo(held);
    }
  }
}

/** Whether a run still wants an attempt that is at work, or about to be: one of an earlier generation never. */
export const isWanted = (held: Held, run: RunStanding | undefined): boolean =>
  run?.generation === held.generation &&
  (run.state === 'running' || (run.state === 'cancelling' && held.always));

/** Whether a run will want an attempt again, that is not to be started now. */
export const isHeldBack = (held: Held, run: RunStanding | undefined): boolean =>
  run?.generation === held.generation && run.state === 'paused';

/** Of what is at work, that whose run wants it no more. */
export async function unwantedOf(
  held: readonly Held[],
  statesOf: RunStates,
): Promise<readonly Held[]> {
  const states = await statesOf([...new Set(held.map(({ run }) => run))]);
  return held.filter((one) => {
    const standing = states.get(one.run);
    return !isHeldBack(one, standing) && !isWanted(one, standing);
  });
}

/** The end of an attempt that was claimed and not started: its run is paused, or it waited too long. */
function neverRan(held: Held, outcome: 'released' | 'failed', now: number): AttemptResult {
  const result = { key: held.key, outcome, startedAt: now, endedAt: now };
  if (outcome === 'released') return result;
  const message = 'it waited in the queue for longer than its queue limit';
  return { ...result, error: { reason: 'queue-limit', message } };
}

export const readStates =
  (ports: Pick<Ports, 'table'>, settings: EngineSettings): RunStates =>
  async (runs) => {
    const items = await ports.table.getMany(runs.map((run) => metaKey(settings.namespace, run)));
    return new Map(runs.map((run, i) => [run, items[i] && fromData<Meta>(items[i].data)]));
  };
