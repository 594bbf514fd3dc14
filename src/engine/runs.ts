import { isEnded } from '../contract/state.ts';
import type { Ports } from '../ports/ports.ts';
import { type Item, Unavailable } from '../ports/table.ts';
import { fromData, type Meta } from './items.ts';
import { keepLast } from './keep-last.ts';
import { fromMeta, loadRun } from './load-run.ts';
import type { LoadedRun } from './loaded-run.ts';
import { overtaken } from './overtaken.ts';
import { renewMs } from './retention.ts';
import { type SaveOptions, saveRun } from './save-run.ts';
import type { EngineSettings } from './settings.ts';
import type { Specs } from './specs.ts';
import { type Begun, beginUntouched, loadUntouched } from './untouched.ts';

export interface Runs {
  /** Undefined when there is no such run, or it was archived. To be called by work that is `alone` with the run. */
  load(id: string): Promise<LoadedRun | undefined>;
  /** As `load`, with a META item that was just read, or came by the feed: if it is old, saving is refused. */
  loadFrom(id: string, meta: Item): Promise<LoadedRun>;
  /**
   * Begins a run whose META item came by the feed, if that takes no more than to send: at once, and without loading it.
   * Undefined: it is to be loaded, and begun like any other.
   */
  begin(id: string, meta: Item): Begun | undefined;
  /** To look at: from the cache if it is there, else read when no work on the run is under way. `fresh`: always read. */
  look(id: string, fresh?: boolean): Promise<LoadedRun | undefined>;
  /** The run from the cache, if it is there: saves the callers on the fast path a promise each. */
  cached(id: string): LoadedRun | undefined;
  /** META of a run that is in memory, as current as that. */
  standing(id: string): Meta | undefined;
  /**
   * A run that lies in its META item alone, if it is in memory and no work on it is under way: to be folded at once. Who
   * does not save it so forgets it.
   */
  atHand(id: string): LoadedRun | undefined;
  /** Runs `work` on runs at hand: no other work on them begins in this process until it is done. */
  together<T>(ids: readonly string[], work: () => Promise<T>): Promise<T>;
  /** What was folded of a run at hand was saved, or not: then the run is forgotten here. */
  saved(run: LoadedRun, done: boolean): void;
  /**
   * Saves what folding changed, the run's end too if it is due. False: somebody else changed the run; it is forgotten
   * here, and is to be loaded and decided anew.
   */
  save(run: LoadedRun, options: SaveOptions): Promise<boolean>;
  forget(id: string): void;
  /** This process is about to store a run. */
  submitting(id: string): void;
  /** It stored it, and it was new: until the run is loaded here, what comes of it by the feed is current. */
  submitted(id: string, isNew: boolean): void;
  /** Calls back when this process saves the run's end. Returns how to stop listening. */
  onEnd(id: string, call: () => void): () => void;
  /**
   * Sets when a run that has not ended is to be visited next: twice as long as it was put off the last time if nothing was
   * saved of it since, but not beyond its deadline, nor so late that what it rests on would vanish. `renewedAt`: that was
   * written again.
   */
  wakeLater(id: string, now: number, renewedAt?: number): Promise<void>;
  /** Runs `work` when no other work on that run is under way in this process. */
  alone<T>(id: string, work: () => Promise<T>): Promise<T>;
  /** Whether another decider changed any of these chunks, or resumed a paused run, since they were read here. */
  overtaken(run: LoadedRun, chunks: ReadonlySet<number>): Promise<boolean>;
}

type Needs = Pick<Ports, 'table' | 'blobs'>;

const wakeTriesMax = 50;
/** Beyond so many, those before are read before they begin. */
const submitsMax = 100_000;

/** Runs in memory, the ones used last; what was not used for long is read again. */
export function createRuns(ports: Needs, settings: EngineSettings, specs: Specs): Runs {
  return new RunCache(ports, settings, specs);
}

/** Rises with everything that moves in a run. */
const savesOf = ({ metaVersion, progress }: LoadedRun): number =>
  progress.chunks.reduce((sum, { version }) => sum + version, metaVersion);

class RunCache implements Runs {
  readonly #ports: Needs;
  readonly #settings: EngineSettings;
  readonly #specs: Specs;
  readonly #cache = new Map<string, LoadedRun>();
  /** Runs that this process stores, or stored, and has not loaded since. */
  readonly #submits = new Map<string, 'under way' | 'done'>();
  /** META items, as they were stored first, of runs that were begun here without loading them, and are not loaded since. */
  readonly #begun = new Map<string, Item>();
  readonly #busy = new Map<string, Promise<unknown>>();
  readonly #listeners = new Map<string, Set<() => void>>();

  constructor(ports: Needs, settings: EngineSettings, specs: Specs) {
    this.#ports = ports;
    this.#settings = settings;
    this.#specs = specs;
  }

  cached(id: string): LoadedRun | undefined {
    return this.#cache.get(id);
  }

  standing(id: string): Meta | undefined {
    const begun = this.#begun.get(id);
    return begun === undefined ? this.#cache.get(id)?.meta : fromData<Meta>(begun.data);
  }

  begin(id: string, meta: Item): Begun | undefined {
    if (this.#cache.has(id) || this.#busy.has(id) || this.#isDoubtful(id)) return undefined;
    const item = this.#begun.get(id) ?? meta;
    const spec = this.#specs.known(fromData<Meta>(item.data).hash);
    const begun = spec && beginUntouched(spec, item);
    if (begun === undefined) return undefined;
    this.#submits.delete(id);
    this.#begun.set(id, item);
    keepLast(this.#begun, this.#settings.cachedRuns);
    return begun;
  }

  forget(id: string): void {
    this.#cache.delete(id);
    this.#begun.delete(id);
    this.#submits.delete(id);
  }

  submitting(id: string): void {
    if (!this.#settings.soleDecider) return;
    if (this.#submits.size >= submitsMax) this.#submits.clear();
    this.#submits.set(id, 'under way');
  }

  submitted(id: string, isNew: boolean): void {
    // Gone: it was loaded meanwhile, and may have changed since.
    if (!this.#submits.has(id)) return;
    if (isNew) this.#submits.set(id, 'done');
    else this.#submits.delete(id);
  }

  async load(id: string): Promise<LoadedRun | undefined> {
    const known = this.#cache.get(id) ?? this.#loadBegun(id);
    if (known) return known;
    const begun = this.#begun.get(id);
    const run = begun
      ? await fromMeta(this.#ports, this.#settings, this.#specs, begun)
      : await loadRun(this.#ports, this.#settings, this.#specs, id);
    if (run) this.#keep(run);
    return run;
  }

  async loadFrom(id: string, meta: Item): Promise<LoadedRun> {
    const known = this.#cache.get(id);
    if (known) return known;
    const now = this.#isDoubtful(id) ? await this.#ports.table.get(meta) : this.#begun.get(id);
    const run = await fromMeta(this.#ports, this.#settings, this.#specs, now ?? meta);
    this.#keep(run);
    return run;
  }

  /** Who decides alone trusts what it has cached: an item that came again by the feed would be believed for ever. */
  #isDoubtful(id: string): boolean {
    const { soleDecider } = this.#settings;
    return soleDecider && this.#submits.get(id) !== 'done' && !this.#begun.has(id);
  }

  async look(id: string, fresh = false): Promise<LoadedRun | undefined> {
    if (fresh) return loadRun(this.#ports, this.#settings, this.#specs, id);
    return this.#cache.get(id) ?? this.alone(id, () => this.load(id));
  }

  async save(run: LoadedRun, options: SaveOptions): Promise<boolean> {
    const saved = await saveRun(this.#ports, this.#settings, run, options);
    this.saved(run, saved);
    return saved;
  }

  saved({ meta }: LoadedRun, done: boolean): void {
    const ended = done && isEnded(meta.state);
    // Nothing more is expected of a run that has ended.
    if (!done || ended) this.#cache.delete(meta.id);
    if (ended) for (const call of this.#listeners.get(meta.id) ?? []) call();
  }

  atHand(id: string): LoadedRun | undefined {
    if (this.#busy.has(id)) return undefined;
    const run = this.#cache.get(id) ?? this.#loadBegun(id);
    return run?.meta.small && run.progress.chunks.length === 1 ? run : undefined;
  }

  #loadBegun(id: string): LoadedRun | undefined {
    const begun = this.#begun.get(id);
    const spec = begun && this.#specs.known(fromData<Meta>(begun.data).hash);
    const run = spec && loadUntouched(spec, begun);
    if (run) this.#keep(run);
    return run;
  }

  onEnd(id: string, call: () => void): () => void {
    const calls = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, calls.add(call));
    return () => {
      calls.delete(call);
      if (calls.size === 0) this.#listeners.delete(id);
    };
  }

  wakeLater(id: string, now: number, renewedAt?: number): Promise<void> {
    return this.alone(id, async () => {
      // Another decider may have changed it: then it is read anew.
      for (let tries = 0; tries < wakeTriesMax; tries++)
        if (await this.#wakeLater(id, now, renewedAt)) return;
      throw new Unavailable(`run ${id}: still contended after ${wakeTriesMax} tries`);
    });
  }

  async #wakeLater(id: string, now: number, renewedAt?: number): Promise<boolean> {
    const run = await this.load(id);
    if (run === undefined || isEnded(run.meta.state)) return true;
    const { wakeMs, retention } = this.#settings;
    const last = run.meta.visit ?? { delayMs: wakeMs, saves: 1 };
    const saves = savesOf(run);
    const delayMax = retention ? renewMs(retention) : Number.POSITIVE_INFINITY;
    const delayMs = Math.min(saves === last.saves ? 2 * last.delayMs : wakeMs, delayMax);
    const next = now + delayMs;
    const wakeAt = Math.min(next, run.meta.deadline ?? next);
    run.meta = {
      ...run.meta,
      wakeAt,
      visit: { delayMs, saves: saves + 1 },
      ...(renewedAt !== undefined && { renewedAt }),
    };
    run.progress.head.dirty = true;
    return this.save(run, { end: undefined, now, durable: false });
  }

  alone<T>(id: string, work: () => Promise<T>): Promise<T> {
    const before = this.#busy.get(id);
    const mine = before === undefined ? work() : before.then(work, work);
    this.#busy.set(id, mine);
    const done = (): void => {
      if (this.#busy.get(id) === mine) this.#busy.delete(id);
    };
    mine.then(done, done);
    return mine;
  }

  together<T>(ids: readonly string[], work: () => Promise<T>): Promise<T> {
    const mine = work();
    for (const id of ids) this.#busy.set(id, mine);
    const done = (): void => {
      for (const id of ids) if (this.#busy.get(id) === mine) this.#busy.delete(id);
    };
    mine.then(done, done);
    return mine;
  }

  async overtaken(run: LoadedRun, chunks: ReadonlySet<number>): Promise<boolean> {
    const moved = await overtaken(this.#ports, this.#settings, run, chunks);
    if (moved) this.#cache.delete(run.meta.id);
    return moved;
  }

  #keep(run: LoadedRun): void {
    this.#cache.delete(run.meta.id);
    this.#submits.delete(run.meta.id);
    this.#begun.delete(run.meta.id);
    this.#cache.set(run.meta.id, run);
    keepLast(this.#cache, this.#settings.cachedRuns);
  }
}
