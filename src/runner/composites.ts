import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttemptError, ExecutionSpec } from '../contract/execution.ts';
import type { Json } from '../contract/json.ts';
import type { Run, SequenceRun, Step, TandemRun } from '../contract/workflow.ts';
import { stepInputs } from '../core/steps.ts';
import { Attempt, type Ending, graceOf, type Host } from './attempt.ts';
import type { Shared } from './shared.ts';

/** Starts one step; `onEnd` of the attempt is called when it has ended. */
export type StartStep = (attempt: Attempt) => void;

interface Sum {
  cpuSeconds?: number;
  memoryMb?: number;
}

/** Runs sequences and tandems, whose steps are attempts of their own that share a folder. */
export class Composites {
  readonly running = new Set<Attempt>();
  #shared: Shared;
  #start: StartStep;
  #nextId: () => number;
  #specs = new WeakMap<ExecutionSpec, WeakMap<Run, ExecutionSpec>>();
  #folders = 0;

  constructor(shared: Shared, nextId: () => number, start: StartStep) {
    this.#shared = shared;
    this.#nextId = nextId;
    this.#start = start;
  }

  start(attempt: Attempt, run: SequenceRun | TandemRun): void {
    const folder = attempt.place?.folder ?? join(this.#shared.folder, `c${this.#folders++}`);
    const own = attempt.place === undefined;
    this.running.add(attempt);
    attempt.startedAt = this.#shared.clock.now();
    const done = (ending: Ending) => {
      this.running.delete(attempt);
      if (own) rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
      this.#shared.finish(attempt, ending);
    };
    const steps = new Steps(this.#shared, attempt, run, done, (step, input, index) => {
      const child = this.#child(attempt, step, input);
      child.place = { folder, step: this.#stepNumber(attempt, index) };
      return child;
    });
    steps.begin(this.#start);
  }

  #stepNumber(attempt: Attempt, index: number): number {
    return (attempt.place?.step ?? 0) * 100 + index + 1;
  }

  /** A step as an attempt. Its spec is the same object each time, so that warm processes know it again. */
  #child(parent: Attempt, step: Step, input: Json): Attempt {
    const specs = this.#specs.get(parent.spec) ?? new WeakMap<Run, ExecutionSpec>();
    this.#specs.set(parent.spec, specs);
    const spec = specs.get(step.run) ?? { ...parent.spec, run: step.run };
    specs.set(step.run, spec);
    return new Attempt(this.#nextId(), parent.execution, spec, input, parent.root);
  }
}

type MakeStep = (step: Step, input: Json, index: number) => Attempt;

/** The steps of one sequence or tandem. */
class Steps implements Host {
  #shared: Shared;
  #attempt: Attempt;
  #run: SequenceRun | TandemRun;
  #done: (ending: Ending) => void;
  #make: MakeStep;
  #start: StartStep = () => {};
  #running = new Set<Attempt>();
  #outputs: Json[] = [];
  #sum: Sum = {};
  #error: AttemptError | undefined;
  #starting = true;

  constructor(
    shared: Shared,
    attempt: Attempt,
    run: SequenceRun | TandemRun,
    done: (ending: Ending) => void,
    make: MakeStep,
  ) {
    this.#shared = shared;
    this.#attempt = attempt;
    this.#run = run;
    this.#done = done;
    this.#make = make;
  }

  begin(start: StartStep): void {
    this.#start = start;
    this.#attempt.host = this;
    const { input } = this.#attempt;
    if (this.#run.kind === 'sequence') this.#next(0, input);
    else for (const index of this.#run.steps.keys()) this.#next(index, input);
    if (this.#run.kind === 'tandem') this.#settle();
  }

  stop(_: Attempt, graceMs: number): void {
    for (const step of [...this.#running]) this.#stopStep(step, graceMs);
  }

  #stopStep(step: Attempt, graceMs: number): void {
    if (step.stopping !== undefined) return;
    step.stopping = this.#attempt.stopping ?? 'sibling';
    step.host?.stop(step, graceMs);
  }

  #next(index: number, input: Json): void {
    if (this.#over) return;
    const step = this.#run.steps[index] as Step;
    const child = this.#make(step, this.#ownInput(step) ?? input, index);
    child.onEnd = (ended, ending) => this.#ended(ended, ending, index);
    this.#running.add(child);
    this.#start(child);
  }

  /** A step's own input, its references resolved. */
  #ownInput(step: Step): Json | undefined {
    if (step.with === undefined) return undefined;
    const { spec, stepInputs: given } = this.#attempt.execution;
    const place = stepInputs(spec.run).places.get(step);
    return (place === undefined ? undefined : given?.[place]) ?? step.with;
  }

  #ended(child: Attempt, ending: Ending, index: number): void {
    this.#running.delete(child);
    this.#outputs[index] = ending.output ?? null;
    this.#add(ending);
    if (ending.error !== undefined && child.stopping === undefined) this.#fail(ending.error, index);
    if (ending.released === true && !this.#over) {
      this.#next(index, child.input);
      return;
    }
    if (this.#run.kind === 'tandem') {
      if (!this.#starting) this.#settle();
    } else if (this.#over || index === this.#run.steps.length - 1) this.#finish();
    else this.#next(index + 1, ending.output ?? null);
  }

  /** No further step is to start. */
  get #over(): boolean {
    return this.#error !== undefined || this.#attempt.stopping !== undefined;
  }

  #settle(): void {
    this.#starting = false;
    if (this.#running.size === 0) this.#finish();
  }

  #fail(error: AttemptError, index: number): void {
    const name = this.#run.steps[index]?.name;
    const label = name === undefined ? `step ${index + 1}` : `step ${index + 1} (${name})`;
    this.#error ??= { ...error, message: `${label}: ${error.message}`.slice(0, 2000) };
    this.stop(this.#attempt, graceOf(this.#attempt.spec));
  }

  #add({ cpuSeconds, memoryMb }: Ending): void {
    const sum = this.#sum;
    if (cpuSeconds !== undefined) sum.cpuSeconds = (sum.cpuSeconds ?? 0) + cpuSeconds;
    if (memoryMb === undefined) return;
    const together = this.#run.kind === 'tandem' ? (sum.memoryMb ?? 0) + memoryMb : memoryMb;
    sum.memoryMb = Math.max(sum.memoryMb ?? 0, together);
  }

  #finish(): void {
    const endedAt = this.#shared.clock.now();
    const base = { startedAt: this.#attempt.startedAt, endedAt, ...this.#sum };
    const outputs = this.#outputs;
    const output = this.#run.kind === 'tandem' ? outputs : (outputs.at(-1) ?? null);
    if (this.#error !== undefined) this.#done({ ...base, error: this.#error });
    else this.#done({ ...base, output });
  }
}
