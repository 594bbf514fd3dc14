/** One run as it happens: its events say when to look again. */
import { type Signal, signal } from '@preact/signals';
import { followPages } from '../../src/client/follow.ts';
import type { RunGraph, RunStates, RunView } from '../../src/contract/api.ts';
import { isEnded } from '../../src/contract/state.ts';
import { Timeline } from '../model/timeline.ts';
import { messageOf, server } from './server.ts';

export interface LiveRun {
  readonly id: string;
  readonly view: Signal<RunView | undefined>;
  readonly graph: Signal<RunGraph | undefined>;
  readonly states: Signal<RunStates | undefined>;
  readonly problem: Signal<string | undefined>;
  readonly timeline: Timeline;
  /** Rises when something happened that is not in the signals above. */
  readonly changes: Signal<number>;
  /** The timeline is to be filled, however large the run is. */
  wantTimeline(): void;
  /** Looks again, also at a run that had ended. */
  refresh(): Promise<void>;
  stop(): void;
}

/** Of larger runs the events are read only once somebody wants to see when each attempt ran. */
const TASKS_FOLLOWED = 20_000;
const LARGE_LOOK_MS = 2_000;
/** Events of so long come together. */
const PACE_MS = 700;
/** Never more than a look a second; fewer where looking takes long. */
const LOOK_MS_MIN = 1_000;
/** What happens together is looked at together. */
const LOOK_MS_FIRST = 100;
/** How often a run that has ended is looked at, since it may run again. */
const ENDED_LOOK_MS = 15_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const pace = (): Promise<void> => sleep(PACE_MS);

export function followRun(id: string): LiveRun {
  const run = new Follower(id);
  void run.start();
  return run;
}

class Follower implements LiveRun {
  readonly id: string;
  readonly view = signal<RunView | undefined>(undefined);
  readonly graph = signal<RunGraph | undefined>(undefined);
  readonly states = signal<RunStates | undefined>(undefined);
  readonly problem = signal<string | undefined>(undefined);
  readonly changes = signal(0);
  readonly timeline = new Timeline();
  readonly #abort = new AbortController();
  #wantsTimeline = false;
  #isStale = false;
  #isLooking = false;
  #wake: (() => void) | undefined;

  constructor(id: string) {
    this.id = id;
  }

  wantTimeline(): void {
    this.#wantsTimeline = true;
  }

  stop(): void {
    this.#abort.abort();
  }

  async start(): Promise<void> {
    try {
      const [view, graph, states] = await Promise.all([
        server.run(this.id),
        server.graph(this.id),
        server.states(this.id),
      ]);
      this.view.value = view;
      this.graph.value = graph;
      this.states.value = states;
      while (!this.#abort.signal.aborted) await this.#next(view.tasks > TASKS_FOLLOWED);
    } catch (error) {
      this.problem.value = messageOf(error);
    }
  }

  async #next(isLarge: boolean): Promise<void> {
    if (!isLarge || this.#wantsTimeline) return this.#follow();
    await sleep(LARGE_LOOK_MS);
    if (!document.hidden) await this.#read();
  }

  /** Until the run has ended, and begins again. */
  async #follow(): Promise<void> {
    const { signal } = this.#abort;
    for await (const events of followPages(server, this.id, { signal, pace })) {
      this.timeline.add(events);
      this.changes.value++;
      this.#lookSoon();
    }
    await this.#read();
    while (!signal.aborted && this.view.value && isEnded(this.view.value.state)) {
      await this.#nap();
      if (!document.hidden) await this.#read();
    }
  }

  #lookSoon(): void {
    this.#isStale = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    void this.#look();
  }

  async #look(): Promise<void> {
    await sleep(LOOK_MS_FIRST);
    while (this.#isStale && !this.#abort.signal.aborted) {
      this.#isStale = false;
      const from = performance.now();
      await this.#read();
      await sleep(Math.max(LOOK_MS_MIN, 5 * (performance.now() - from)));
    }
    this.#isLooking = false;
  }

  #nap(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, ENDED_LOOK_MS);
    });
  }

  async refresh(): Promise<void> {
    await this.#read();
    this.#wake?.();
  }

  async #read(): Promise<void> {
    if (this.#abort.signal.aborted) return;
    try {
      const [view, states] = await Promise.all([server.run(this.id), server.states(this.id)]);
      this.view.value = view;
      this.states.value = states;
      this.problem.value = undefined;
    } catch (error) {
      this.problem.value = messageOf(error);
    }
  }
}
