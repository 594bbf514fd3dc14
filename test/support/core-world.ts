/**
 * A small world around the core: versioned storage, a feed that comes at least once and in any order, deciders that
 * interleave and die between any two steps, and runners. Nothing in it is repaired by a sweep: a run that stands still
 * is a bug.
 */
import type { Control, Happening, Spawn } from '../../src/contract/happening.ts';
import type { Task } from '../../src/contract/workflow.ts';
import type { Dag } from '../../src/core/dag.ts';
import type { Decision } from '../../src/core/decision.ts';
import { begin, fold } from '../../src/core/fold.ts';
import { definitionOf, idOf, levelsLeft } from '../../src/core/graph.ts';
import { attemptOf, codeOf, type Progress } from '../../src/core/progress.ts';
import { survivesCancel } from '../../src/core/settle.ts';
import { codes, hasEnded, isOver } from '../../src/core/status.ts';
import { holds, type Script, type Verdict } from './core-oracle.ts';
import { dagOf } from './core-progress.ts';
import { type Message, type Named, Runners } from './core-runners.ts';
import { Store } from './core-store.ts';
import { type Dice, diceOf } from './dice.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly chunkSize: number;
  readonly deciders: number;
  /** How many times a decider dies, at most: before, within or after a save. */
  readonly crashes: number;
  /** How likely a delivery comes again, a message is doubled, or a runner dies. */
  readonly trouble: number;
}

type Step = Generator<undefined, void, undefined>;
type Tried = 'done' | 'unfinished' | 'again' | 'died';
const beginning = 'META';

export class World {
  readonly dag: Dag;
  readonly store: Store;
  script: Script;
  /** What was found that must not be. */
  readonly wrongs: string[] = [];
  readonly #options: WorldOptions;
  readonly #dice: Dice;
  readonly #runners: Runners;
  /** All that happened, by item: a pack holds several reports. */
  readonly #items = new Map<string, readonly Happening[]>();
  readonly #pending: string[] = [];
  readonly #decided = new Set<string>();
  readonly #later: { readonly ids: readonly string[]; readonly then: () => void }[] = [];
  readonly #caches: (Progress | undefined)[] = [];
  readonly #busy: (Step | undefined)[] = [];
  #crashes: number;

  constructor(tasks: readonly Task[], script: Script, options: WorldOptions) {
    this.dag = dagOf(tasks);
    this.store = new Store(this.dag, options.chunkSize, (id) => this.#spawnOf(id));
    this.script = script;
    this.#options = options;
    this.#dice = diceOf(options.seed);
    this.#crashes = options.crashes;
    this.#runners = new Runners({
      dice: this.#dice,
      trouble: options.trouble,
      script: () => this.script,
      generation: () => this.store.generation,
      state: () => this.store.state,
      append: (id, happenings) => this.#append(id, happenings),
      whenDecided: (ids, then) => this.#later.push({ ids, then }),
    });
    this.#append(beginning, []);
  }

  /** Lets things happen, in any order, until nothing is left to happen, or until `enough`. */
  live(enough: () => boolean = () => false): void {
    for (let steps = 0; !enough(); steps++) {
      if (steps > 100_000) throw new Error('the world does not come to rest');
      const moves = [...this.#moves(), ...this.#runners.moves()];
      if (moves.length === 0) return;
      this.#dice.pick(moves)();
    }
  }

  /** For so many steps. */
  liveFor(steps: number): void {
    let left = steps;
    this.live(() => left-- <= 0);
  }

  control(control: Omit<Control, 'at'>): void {
    const id = `CONTROL#${String(this.#items.size).padStart(8, '0')}`;
    this.#append(id, [{ kind: 'control', id, control: { at: 0, ...control } }]);
  }

  /** Every happening there was, in any order of items. */
  history(): Happening[][] {
    const order = [...this.#items.keys()].map((id) => ({ id, by: this.#dice.roll() }));
    return order.sort((a, b) => a.by - b.by).map(({ id }) => this.#batchOf([id]));
  }

  #append(id: string, happenings: readonly Happening[]): void {
    if (this.#items.has(id)) return;
    this.#items.set(id, happenings);
    this.#pending.push(id);
  }

  #spawnOf(id: string): Spawn {
    const happening = this.#items.get(id)?.[0];
    if (happening?.kind !== 'spawn') throw new Error(`there is no spawn item ${id}`);
    return happening.spawn;
  }

  #moves(): (() => void)[] {
    const moves: (() => void)[] = [];
    for (let me = 0; me < this.#options.deciders; me++) {
      const step = this.#busy[me];
      if (step !== undefined) moves.push(() => this.#goOn(me, step));
      else if (this.#pending.length > 0) moves.push(() => this.#startDeciding(me));
    }
    const due = this.#later.findIndex(({ ids }) => ids.every((id) => this.#decided.has(id)));
    if (due >= 0) moves.push(() => this.#later.splice(due, 1)[0]?.then());
    return moves;
  }

  #startDeciding(me: number): void {
    const count = 1 + this.#dice.upTo(Math.min(4, this.#pending.length));
    const batch = Array.from(
      { length: count },
      () => this.#pending.splice(this.#dice.upTo(this.#pending.length), 1)[0] as string,
    );
    this.#busy[me] = this.#decide(me, batch);
  }

  #goOn(me: number, step: Step): void {
    if (step.next().done) this.#busy[me] = undefined;
  }

  *#decide(me: number, batch: readonly string[]): Step {
    let done: Tried = 'again';
    while (done === 'again' || done === 'unfinished') {
      done = yield* this.#tryDecide(me, batch);
      if (done === 'again' || done === 'died') this.#caches[me] = undefined;
    }
    if (done === 'died') this.#pending.push(...batch);
    else if (this.#dice.chance(this.#options.trouble)) this.#pending.push(this.#dice.pick(batch));
  }

  *#tryDecide(me: number, batch: readonly string[]): Generator<undefined, Tried, undefined> {
    const fresh = this.#caches[me] === undefined;
    const progress = this.#caches[me] ?? (yield* this.store.loadInSteps());
    this.#caches[me] = progress;
    const decisions = this.#fold(progress, batch);
    if (decisions.some(({ behind, torn }) => torn || (behind && !fresh))) return 'again';
    yield;
    const saved = yield* this.#save(progress, decisions);
    if (saved === 'died' || this.#dies()) return 'died';
    yield;
    if (saved === 'conflict' || this.#isOvertaken(progress, decisions)) return 'again';
    if (decisions.some(({ unfinished }) => unfinished)) return 'unfinished';
    for (const decision of decisions) this.#carryOut(progress, decision);
    for (const id of batch) this.#decided.add(id);
    return 'done';
  }

  #fold(progress: Progress, batch: readonly string[]): Decision[] {
    const decisions: Decision[] = [];
    const happenings = this.#batchOf(batch);
    if (happenings.length > 0) decisions.push(fold(progress, happenings));
    if (batch.includes(beginning)) decisions.push(begin(progress));
    return decisions;
  }

  /** What a report rests on comes before it. */
  #batchOf(ids: readonly string[]): Happening[] {
    const batch = new Set<Happening>();
    const addItem = (id: string): void => {
      for (const happening of this.#items.get(id) ?? []) addOne(happening);
    };
    const addOne = (happening: Happening): void => {
      if (batch.has(happening)) return;
      const { spawns = [], after } = happening.kind === 'report' ? happening.report : {};
      for (const id of after ? [...spawns, after.pack] : spawns) addItem(id);
      batch.add(happening);
    };
    ids.forEach(addItem);
    return [...batch];
  }

  /** The head first, as chunks rest on it; the chunks in any order, of which some may fail; the end last. */
  *#save(
    progress: Progress,
    decisions: readonly Decision[],
  ): Generator<undefined, 'saved' | 'conflict' | 'died', undefined> {
    if (progress.head.dirty && !this.store.saveHead(progress)) return 'conflict';
    if (this.#dies()) return 'died';
    const dirty = progress.chunks.flatMap((chunk, n) => (chunk.dirty ? [n] : []));
    let conflict = false;
    while (dirty.length > 0) {
      const n = dirty.splice(this.#dice.upTo(dirty.length), 1)[0] as number;
      conflict = !this.store.saveChunk(progress, n) || conflict;
      if (this.#dies()) return 'died';
      yield;
    }
    if (conflict) return 'conflict';
    const end = decisions.at(-1)?.end;
    if (end === undefined || isOver(progress.head.state)) return 'saved';
    progress.head.state = end.state;
    progress.head.reason = end.reason;
    return this.store.saveHead(progress) ? 'saved' : 'conflict';
  }

  #dies(): boolean {
    if (this.#crashes === 0 || !this.#dice.chance(0.1)) return false;
    this.#crashes--;
    return true;
  }

  /** What a decision held back for a pause that is over is nobody's. */
  #isOvertaken(progress: Progress, decisions: readonly Decision[]): boolean {
    if (progress.head.state === 'paused' && !this.store.isCurrent(progress)) return true;
    const changed = (n: number): boolean =>
      this.store.chunkVersion(n) !== progress.chunks[n]?.version;
    return decisions.some(({ consulted }) => [...consulted].some(changed));
  }

  #carryOut(progress: Progress, decision: Decision): void {
    for (const [task, attempt] of decision.expands) this.#expand(progress, task, attempt);
    for (const { task, attempt } of decision.sends.values()) {
      this.#checkSend(progress, task, attempt);
      const follow = this.#followOf(progress, task);
      this.#runners.messages.push({ ...named(progress, task, attempt), follow });
    }
  }

  #expand(progress: Progress, task: number, attempt: number): void {
    const { graph } = progress;
    const definition = definitionOf(graph, task);
    const level = (definition.each?.length ?? 0) - levelsLeft(graph, task).length;
    const count = this.script.elements(idOf(graph, task), definition, level);
    const id = `SPAWN#${task}#${attempt}#0`;
    const made =
      count === undefined
        ? ({ kind: 'impossible', message: 'no list' } as const)
        : ({ kind: 'map', items: Array.from({ length: count }, (_, i) => i) } as const);
    this.#append(id, [{ kind: 'spawn', id, spawn: { parent: task, attempt, at: 1, made } }]);
  }

  /** The chain of only children that a runner may go on with. */
  #followOf(progress: Progress, first: number): readonly Named[] {
    const follow: Named[] = [];
    const { dag } = progress.graph;
    for (let task = first; task < dag.tasks.length; ) {
      const [from, to] = [dag.dependentsStart[task] as number, dag.dependentsStart[task + 1]];
      const next = dag.dependents[from] as number;
      if (to !== from + 1 || dag.needsStart[next + 1] !== (dag.needsStart[next] as number) + 1)
        break;
      const { rule, each, run, delivery } = definitionOf(progress.graph, next);
      if (rule || each || run.kind === 'none' || delivery === 'at-least-once') break;
      follow.push(named(progress, next, attemptOf(progress, next)));
      task = next;
    }
    return definitionOf(progress.graph, first).delivery === 'at-least-once' ? [] : follow;
  }

  /** What is sent is ready by what is stored, and of an attempt that was not passed. */
  #checkSend(progress: Progress, task: number, attempt: number): void {
    const stored = this.store.load();
    const { graph } = stored;
    const what = `${idOf(progress.graph, task)}@${attempt}`;
    if (attempt > attemptOf(stored, task)) this.wrongs.push(`${what} is sent before it is saved`);
    if (this.#options.deciders === 1 && hasEnded(codeOf(stored, task)))
      this.wrongs.push(`${what} is sent after its end`);
    if (task >= this.dag.tasks.length) return;
    const { needs, rule } = definitionOf(graph, task);
    const verdicts = (needs ?? []).map((need) => verdictOf(stored, need));
    if (!metNow(rule ?? 'all-succeeded', verdicts))
      this.wrongs.push(`${what} is sent with needs ${verdicts.join(', ')}`);
  }
}

const named = (progress: Progress, task: number, attempt: number): Omit<Message, 'follow'> => ({
  task,
  id: idOf(progress.graph, task),
  attempt,
  definition: definitionOf(progress.graph, task),
  always: survivesCancel(progress.graph, task),
});

const verdictNames = [
  undefined,
  undefined,
  undefined,
  'succeeded',
  'failed',
  'cancelled',
  'skipped',
  'skippedByFailure',
] as const;

/** A task's outcome by its name; undefined while it is open. */
export function verdictOf(progress: Progress, id: string): Verdict | undefined {
  const task = progress.graph.dag.tasks.findIndex((candidate) => candidate.id === id);
  return verdictNames[codeOf(progress, task)];
}

/** Whether a rule is met now: by all needs' outcomes or, where it may be early, by any outcomes of those that are open. */
function metNow(rule: Task['rule'] & {}, needs: readonly (Verdict | undefined)[]): boolean {
  const early = typeof rule !== 'string' || rule.startsWith('any-');
  if (needs.includes(undefined) && !early) return false;
  return (['skipped', 'failed'] as const).every((other) =>
    holds(
      rule,
      needs.map((need) => need ?? other),
    ),
  );
}

export const unended = (progress: Progress): string[] => {
  const open: string[] = [];
  for (let task = 0; task < progress.graph.size; task++)
    if (!hasEnded(codeOf(progress, task))) open.push(idOf(progress.graph, task));
  return open;
};

export const openCodes = [codes.waiting, codes.backoff, codes.awaiting];
