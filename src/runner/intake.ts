import type { ExecutionSpec, Executor } from '../contract/execution.ts';
import { fromBody, type TaskMessage, type TaskRow } from '../contract/task-message.ts';
import { keyOfAttempt } from '../engine/lost.ts';
import type { Taken } from '../ports/queue.ts';
import type { Held, Letter } from './held.ts';

type Places = Pick<Executor, 'room' | 'slots'>;

/** Tasks of a taken message that have not been claimed yet. */
interface Bundle {
  readonly message: TaskMessage;
  readonly letter: Letter;
  next: number;
}

const specsKept = 10_000;

/** Messages that were taken, and what of them there is room for. */
export class Intake {
  readonly #bundles: Bundle[] = [];
  readonly #specs = new WeakMap<ExecutionSpec, ExecutionSpec>();
  readonly #specsByText = new Map<string, ExecutionSpec>();
  #keys = 0;

  /** Tasks at hand that wait for room. */
  waiting(): number {
    let waiting = 0;
    for (const bundle of this.#bundles) waiting += bundle.message.tasks.length - bundle.next;
    return waiting;
  }

  letters(): readonly Letter[] {
    return this.#bundles.map((bundle) => bundle.letter);
  }

  add(taken: Taken, visibleAt: number): void {
    const message = fromBody(taken.body);
    const letter = {
      receipt: taken.receipt,
      open: message.tasks.length,
      removed: false,
      stays: false,
      visibleAt,
    };
    this.#bundles.push({ message, letter, next: 0 });
  }

  /**
   * Up to `max` attempts, oldest message first, of each kind as many as there is room for, and of all kinds together as
   * many as there are slots. `promised`: slots that others are about to take.
   */
  choose(places: Places, promised: number, now: number, max: number): Held[] {
    const chosen: Held[] = [];
    const kinds = new Map<ExecutionSpec, number>();
    let taken = promised;
    for (const bundle of this.#bundles) {
      const spec = this.intern(bundle.message.spec);
      const before = kinds.get(spec) ?? 0;
      const others = taken - places.slots(spec, before);
      const room = Math.min(places.room(spec, others) - before, max - chosen.length);
      const count = Math.max(0, Math.min(room, bundle.message.tasks.length - bundle.next));
      for (let i = 0; i < count; i++) {
        const row = bundle.message.tasks[bundle.next++] as TaskRow;
        chosen.push(this.#held(bundle, spec, row, now));
      }
      kinds.set(spec, before + count);
      taken = others + places.slots(spec, before + count);
      if (chosen.length >= max) break;
    }
    this.#sweep();
    return chosen;
  }

  nextKey(): number {
    return ++this.#keys;
  }

  /** Forgets all that has not been claimed, and says which messages that were. */
  clear(): readonly Letter[] {
    const letters = this.letters();
    this.#bundles.length = 0;
    return letters;
  }

  #sweep(): void {
    let kept = 0;
    for (const bundle of this.#bundles)
      if (bundle.next < bundle.message.tasks.length) this.#bundles[kept++] = bundle;
    this.#bundles.length = kept;
  }

  #held(bundle: Bundle, spec: ExecutionSpec, row: TaskRow, now: number): Held {
    const [run, task, id, attempt, input, follow, stepInputs, needed] = row;
    const { message, letter } = bundle;
    const runId = message.runs[run] as string;
    return {
      key: this.nextKey(),
      name: keyOfAttempt({ run: runId, task, attempt }),
      run: runId,
      generation: message.generations[run] as number,
      workflow: message.workflow,
      task,
      id,
      attempt,
      input,
      stepInputs,
      needed,
      spec,
      delivery: message.delivery,
      always: message.always,
      notAfter: message.notAfter,
      letter,
      follow: follow ?? nothing,
      runInput: message.inputs?.[run] ?? {},
      after: undefined,
      next: undefined,
      since: now,
      started: false,
      granted: false,
      beat: undefined,
      cancelled: false,
      spawned: [],
      spawning: undefined,
    };
  }

  /** Equal specs that came in different messages become one object, by which the executor knows them. */
  intern(spec: ExecutionSpec): ExecutionSpec {
    const known = this.#specs.get(spec);
    if (known) return known;
    const text = JSON.stringify(spec);
    const first = this.#specsByText.get(text) ?? spec;
    if (this.#specsByText.size >= specsKept) this.#specsByText.clear();
    this.#specsByText.set(text, first);
    this.#specs.set(spec, first);
    return first;
  }
}

const nothing: readonly never[] = [];
