import type { AttemptError, SpawnRequest } from '../../../src/contract/execution.ts';
import type { Json } from '../../../src/contract/json.ts';
import type { Task } from '../../../src/contract/workflow.ts';
import { hashSeed, Stream, unit } from '../kernel/random.ts';

/** What will become of one attempt, wherever and whenever it runs. */
export interface Fate {
  /** `hangs`: never returns by itself. `kills`: takes its runner with it. */
  readonly end: 'succeeds' | 'fails' | 'hangs' | 'kills';
  readonly durationMs: number;
  readonly error: AttemptError;
  readonly output: Json;
  /** Its runner stands still for so long before it can report: 0 for most. */
  readonly zombieMs: number;
  /** Sub-tasks it asks for while it runs, and with its end. */
  readonly spawnsEarly: readonly SpawnRequest[];
  readonly spawnsLate: readonly SpawnRequest[];
}

/** How often what happens, for each task. */
export interface Temper {
  readonly fails: number;
  /** Of those that fail: they do until the end. */
  readonly always: number;
  readonly hangs: number;
  readonly kills: number;
  readonly zombies: number;
  readonly spawns: number;
  /** How long attempts take, in ms: most of them far less. */
  readonly durationMsMax: number;
}

export function drawTemper(stream: Stream): Temper {
  const rate = (max: number): number => (stream.chance(0.3) ? 0 : stream.next() * max);
  return {
    fails: rate(0.5),
    always: stream.next() * 0.6,
    hangs: rate(0.1),
    kills: rate(0.06),
    zombies: rate(0.08),
    spawns: rate(0.25),
    durationMsMax: stream.pick([1_000, 10_000, 60_000, 300_000]),
  };
}

/** The task of the workflow that a task, perhaps spawned, descends from. */
export const rootId = (id: string): string => id.split(/[/[]/, 1)[0] as string;

const LEASE_MS = 20_000;
const errors: readonly AttemptError[] = [
  { reason: 'exit', message: 'exit code 1', exitCode: 1 },
  { reason: 'exit', message: 'exit code 2', exitCode: 2 },
  { reason: 'error', message: 'no such value', name: 'ValueError' },
  { reason: 'error', message: 'no way', name: 'FatalError' },
];

/** The character of one task: what its attempts have in common. */
interface Nature {
  readonly end: Fate['end'];
  /** Attempts up to this number end so; later ones succeed. */
  readonly badUntil: number;
  readonly error: AttemptError;
  readonly zombieUntil: number;
  readonly children: readonly SpawnRequest[];
  readonly early: number;
}

/**
 * What every attempt at every task of one run will come to: a function of the seed, the run, the task's id and the
 * attempt's number, so that the executor and the oracle know the same without talking.
 */
export class Fates {
  readonly #seed: number;
  readonly #run: string;
  readonly #temper: Temper;
  readonly #natures = new Map<string, Nature>();
  readonly #fates = new Map<string, Map<number, Fate>>();
  readonly #values = new Map<string, number>();

  constructor(seed: number, run: string, temper: Temper) {
    this.#seed = seed;
    this.#run = run;
    this.#temper = temper;
  }

  /** Whether some attempt may make its runner die or stand still. */
  get disturbs(): boolean {
    return this.#temper.kills > 0 || this.#temper.zombies > 0;
  }

  /** `definition` is that of the workflow's task that `id` descends from. */
  of(id: string, attempt: number, definition: Task): Fate {
    let known = this.#fates.get(id);
    if (known === undefined) {
      known = new Map();
      this.#fates.set(id, known);
    }
    let fate = known.get(attempt);
    if (fate === undefined) {
      fate = this.#fate(id, attempt, definition);
      known.set(attempt, fate);
    }
    return fate;
  }

  /** The sub-tasks that any attempt asks for that succeeds; none when none ever does. */
  childrenOf(id: string, definition: Task): readonly SpawnRequest[] {
    const { end, badUntil, children } = this.#nature(id, definition);
    return end === 'succeeds' || Number.isFinite(badUntil) ? children : [];
  }

  #fate(id: string, attempt: number, definition: Task): Fate {
    const nature = this.#nature(id, definition);
    const stream = new Stream(this.#seed, `fate ${this.#run} ${id} ${attempt}`);
    const bad = attempt <= nature.badUntil;
    const end = bad ? nature.end : 'succeeds';
    const long = stream.chance(0.1);
    const span = Math.log(this.#temper.durationMsMax) * (long ? 1 : 0.6);
    return {
      end,
      durationMs: Math.exp(stream.next() * span),
      error: nature.error,
      output: { value: this.valueOf(id), list: this.listOf(id), attempt },
      zombieMs: attempt <= nature.zombieUntil ? stream.int(1, 5) * LEASE_MS : 0,
      spawnsEarly: end === 'succeeds' ? nature.children.slice(0, nature.early) : [],
      spawnsLate: end === 'succeeds' ? nature.children.slice(nature.early) : [],
    };
  }

  /** What a task puts out as `value`, whichever attempt counts. */
  valueOf(id: string): number {
    let value = this.#values.get(id);
    if (value === undefined) {
      value = Math.floor(unit(hashSeed(this.#seed, `value ${this.#run} ${id}`)) * 1_000_000);
      this.#values.set(id, value);
    }
    return value;
  }

  /** What a task puts out as `list`. */
  listOf(id: string): readonly Json[] {
    const value = this.valueOf(id);
    return Array.from({ length: value % 4 }, (_, n) => value + n);
  }

  #nature(id: string, definition: Task): Nature {
    let nature = this.#natures.get(id);
    if (nature === undefined) {
      nature = this.#draw(id, definition);
      this.#natures.set(id, nature);
    }
    return nature;
  }

  #draw(id: string, definition: Task): Nature {
    const temper = this.#temper;
    const stream = new Stream(this.#seed, `nature ${this.#run} ${id}`);
    const claimed = definition.delivery !== 'at-least-once';
    const end = drawEnd(stream, temper, definition);
    const forever = stream.chance(temper.always);
    const few = stream.int(1, end === 'kills' ? 2 : 3);
    const spawning = stream.chance(temper.spawns) && claimed && id.split('/').length <= 2;
    const children = spawning ? drawChildren(stream) : [];
    return {
      end,
      badUntil: forever ? Number.POSITIVE_INFINITY : few,
      error: stream.pick(errors),
      zombieUntil: stream.chance(temper.zombies) ? 1 : 0,
      children,
      early: stream.int(0, children.length),
    };
  }
}

/** What kills its runner is claimed, and what hangs has a limit: else it would go on for ever, and rightly so. */
function drawEnd(stream: Stream, temper: Temper, { delivery, limits }: Task): Fate['end'] {
  const [fails, kills, hangs] = [stream.next(), stream.next(), stream.next()];
  if (delivery !== 'at-least-once' && kills < temper.kills) return 'kills';
  if (limits?.runMs !== undefined && hangs < temper.hangs) return 'hangs';
  return fails < temper.fails ? 'fails' : 'succeeds';
}

function drawChildren(stream: Stream): readonly SpawnRequest[] {
  return Array.from({ length: stream.int(1, 4) }, (_, n) => ({
    key: stream.chance(0.5) ? `k${n}` : `${n}`,
    ...(stream.chance(0.15) && { run: { kind: 'none' as const } }),
    ...(stream.chance(0.5) && { with: { n } }),
    ...(stream.chance(0.25) && { detached: true }),
  }));
}
