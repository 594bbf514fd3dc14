/** Runners of a modelled world: they claim, run by a script, die, report late, and go on inline. */
import type { Happening, Report } from '../../src/contract/happening.ts';
import type { RunState } from '../../src/contract/state.ts';
import type { Task } from '../../src/contract/workflow.ts';
import type { Ending, Script } from './core-oracle.ts';
import type { Dice } from './dice.ts';

/** A task with its attempt, as its message names it. */
export interface Named {
  readonly task: number;
  readonly id: string;
  readonly attempt: number;
  readonly definition: Task;
  /** Runs in a cancelled run too. */
  readonly always: boolean;
}

export interface Message extends Named {
  /** What its runner may go on with. */
  readonly follow: readonly Named[];
}

export interface Surroundings {
  readonly dice: Dice;
  readonly trouble: number;
  readonly script: () => Script;
  readonly generation: () => number;
  readonly state: () => RunState;
  append(id: string, happenings: readonly Happening[]): void;
  /** Calls once these items have been decided. */
  whenDecided(ids: readonly string[], then: () => void): void;
}

type After = Report['after'];
const injectedMax = 2;

export class Runners {
  readonly messages: Message[] = [];
  readonly #world: Surroundings;
  readonly #claims = new Set<string>();
  /** Which of a task's scripted endings an attempt has, by generation and task. */
  readonly #turns = new Map<string, number[]>();
  readonly #injected = new Map<string, number>();
  readonly #outbox: Report[] = [];
  #packs = 0;

  constructor(world: Surroundings) {
    this.#world = world;
  }

  /** What runners might do next. */
  moves(): (() => void)[] {
    const moves: (() => void)[] = [];
    if (this.messages.length > 0) moves.push(() => this.#take());
    if (this.#outbox.length > 0) moves.push(() => this.#flush());
    return moves;
  }

  #take(): void {
    const { dice, trouble } = this.#world;
    const at = dice.upTo(this.messages.length);
    const message = this.messages[at] as Message;
    if (!dice.chance(trouble)) this.messages.splice(at, 1);
    if (message.definition.delivery !== 'at-least-once' && !this.#claim(message)) return;
    if (this.#isAllowed(message)) this.#run(message, undefined);
  }

  #claim({ task, attempt }: Named): boolean {
    const name = `${task}@${attempt}`;
    if (this.#claims.has(name)) return false;
    this.#claims.add(name);
    return true;
  }

  #isAllowed(one: Named): boolean {
    const state = this.#world.state();
    // Of an attempt that may run twice, the other one may be at work: its message only comes again.
    const twin = one.definition.delivery === 'at-least-once';
    if (state === 'paused' && !twin) this.#report(one, 'released', undefined, []);
    return state === 'running' || (state === 'cancelling' && one.always);
  }

  #run(message: Message, after: After): void {
    if (this.#dies(message)) return;
    const ending = this.#endingOf(message);
    const spawns = this.#spawn(message, ending);
    if (ending.kind === 'lost') {
      this.#world.whenDecided(spawns, () => this.#lose(message));
      this.#reportLate(message);
    } else if (ending.kind !== 'succeeded' || spawns.length > 0 || !this.#goesOn(message, after))
      this.#report(message, ending.kind, after, spawns);
  }

  /** The script's next ending for this task, the same for each run of the attempt. */
  #endingOf({ id, attempt }: Named): Ending {
    const name = `${id}#${this.#world.generation()}`;
    const turns = this.#turns.get(name) ?? [];
    this.#turns.set(name, turns);
    let turn = turns.indexOf(attempt);
    if (turn < 0) turn = turns.push(attempt) - 1;
    return this.#world.script().ending(id, turn + 1);
  }

  #spawn({ task, attempt }: Named, { spawns }: Ending): string[] {
    return spawns.map((request, part) => {
      const id = `SPAWN#${task}#${attempt}#${part}`;
      const made = { kind: 'tasks', requests: [request] } as const;
      this.#world.append(id, [
        { kind: 'spawn', id, spawn: { parent: task, attempt, at: 1, made } },
      ]);
      return id;
    });
  }

  #report(one: Named, outcome: Report['outcome'], after: After, spawns: readonly string[]): void {
    this.#outbox.push(reportOf(one, outcome, after, spawns));
    if (this.#world.dice.chance(0.5)) this.#flush();
  }

  #flush(): void {
    this.#pack(this.#outbox.splice(0));
  }

  #pack(reports: readonly Report[]): string {
    const id = `PACK#r#${(++this.#packs).toString(36).padStart(8, '0')}`;
    this.#world.append(
      id,
      reports.map((report) => ({ kind: 'report', id, report })),
    );
    return id;
  }

  #lose({ task, attempt }: Named): void {
    const id = `LOST#${task}#${attempt}`;
    const lost = { task, attempt, at: 3, reason: 'its runner is gone' };
    this.#world.append(id, [{ kind: 'lost', id, lost }]);
  }

  /** A runner that is thought to be gone may still report, and go on, when it is known to be lost. */
  #reportLate(message: Message): void {
    const { dice, trouble } = this.#world;
    if (!dice.chance(trouble)) return;
    const { task, attempt, follow } = message;
    this.#world.whenDecided([`LOST#${task}#${attempt}`], () => {
      const [next] = follow;
      if (next === undefined || !mayBeLost(next) || !this.#claim(next)) {
        this.#pack([reportOf(message, 'succeeded', undefined, [])]);
        return;
      }
      const report = reportOf(message, 'succeeded', undefined, []);
      const pack = this.#pack([
        { ...report, continued: { task: next.task, attempt: next.attempt } },
      ]);
      this.#pack([reportOf(next, 'succeeded', { task, attempt, pack }, [])]);
    });
  }

  /** Goes on with what follows: its claim and this report are written, then it runs, unless its runner dies. */
  #goesOn(message: Message, after: After): boolean {
    const [next, ...rest] = message.follow;
    const { dice, trouble } = this.#world;
    if (next === undefined || this.#world.state() !== 'running' || !dice.chance(0.5)) return false;
    const { task, attempt } = message;
    const report = reportOf(message, 'succeeded', after, []);
    const pack = this.#pack([{ ...report, continued: { task: next.task, attempt: next.attempt } }]);
    const dead = mayBeLost(next) && this.#mayInject(next) && dice.chance(trouble);
    const claimed = dead && dice.chance(0.5) ? false : this.#claim(next);
    if (dead) {
      // Its claims are found when its message comes again: this one's, and the next one's if it was written.
      this.#lose(message);
      if (claimed) this.#lose(next);
    } else if (!claimed) this.messages.push({ ...next, follow: [] });
    else if (this.#isAllowed(next)) this.#run({ ...next, follow: rest }, { task, attempt, pack });
    return true;
  }

  /** A runner dies, perhaps when it had gone on already: then nobody knows of the report before. */
  #dies(message: Message): boolean {
    const { dice, trouble } = this.#world;
    if (message.definition.delivery === 'at-least-once') return false;
    if (!mayBeLost(message) || !dice.chance(trouble) || !this.#mayInject(message)) return false;
    this.#lose(message);
    const [next] = message.follow;
    if (next && mayBeLost(next) && this.#mayInject(next) && this.#claim(next)) this.#lose(next);
    return true;
  }

  #mayInject({ id }: Named): boolean {
    const before = this.#injected.get(id) ?? 0;
    this.#injected.set(id, before + 1);
    return before < injectedMax;
  }
}

/** Whether one attempt more that is lost makes no difference to how the task ends. */
const mayBeLost = ({ definition }: Named): boolean =>
  definition.lostMax === undefined &&
  definition.onLost !== 'fail' &&
  definition.delivery !== 'at-most-once';

const reportOf = (
  { task, attempt }: Named,
  outcome: Report['outcome'],
  after: After,
  spawns: readonly string[],
): Report => ({
  task,
  attempt,
  outcome,
  startedAt: 1,
  endedAt: 2,
  ...(spawns.length > 0 && { spawns }),
  ...(after && { after }),
});
