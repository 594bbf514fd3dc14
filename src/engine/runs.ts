import { isEnded } from '../contract/state.ts';
import type { Chunk } from '../core/progress.ts';
import type { Ports } from '../ports/ports.ts';
import type { Item } from '../ports/table.ts';
import { metaKey, progressKey } from './items.ts';
import { fromMeta, loadRun } from './load-run.ts';
import type { LoadedRun } from './loaded-run.ts';
import { type SaveOptions, saveRun } from './save-run.ts';
import type { EngineSettings } from './settings.ts';
import type { Specs } from './specs.ts';

export interface Runs {
  /** Undefined when there is no such run. To be called by work that is `alone` with the run. */
  load(id: string): Promise<LoadedRun | undefined>;
  /** As `load`, with a META item that was just read, or came by the feed: if it is old, saving is refused. */
  loadFrom(id: string, meta: Item): Promise<LoadedRun>;
  /** To look at: from the cache if it is there, else read when no work on the run is under way. `fresh`: always read. */
  look(id: string, fresh?: boolean): Promise<LoadedRun | undefined>;
  /** The run from the cache, if it is there: saves the callers on the fast path a promise each. */
  cached(id: string): LoadedRun | undefined;
  /**
   * Saves what folding changed, the run's end too if it is due. False: somebody else changed the run; it is forgotten
   * here, and is to be loaded and decided anew.
   */
  save(run: LoadedRun, options: SaveOptions): Promise<boolean>;
  forget(id: string): void;
  /** Calls back when this process saves the run's end. Returns how to stop listening. */
  onEnd(id: string, call: () => void): () => void;
  /** Sets when a run that has not ended is to be looked at next, if nothing moves. */
  wakeLater(id: string, now: number): Promise<void>;
  /** Runs `work` when no other work on that run is under way in this process. */
  alone<T>(id: string, work: () => Promise<T>): Promise<T>;
  /** Whether another decider changed any of these chunks, or resumed a paused run, since they were read here. */
  overtaken(run: LoadedRun, chunks: ReadonlySet<number>): Promise<boolean>;
}

type Needs = Pick<Ports, 'table' | 'blobs'>;

export function createRuns(ports: Needs, settings: EngineSettings, specs: Specs): Runs {
  const cache = new Map<string, LoadedRun>();
  const keep = (run: LoadedRun): void => {
    cache.delete(run.meta.id);
    cache.set(run.meta.id, run);
    if (cache.size <= settings.cachedRuns) return;
    const oldest = cache.keys().next();
    if (!oldest.done) cache.delete(oldest.value);
  };
  const busy = new Map<string, Promise<unknown>>();
  const listeners = new Map<string, Set<() => void>>();
  const alone = <T>(id: string, work: () => Promise<T>): Promise<T> => {
    const before = busy.get(id);
    const mine = before === undefined ? work() : before.then(work, work);
    busy.set(id, mine);
    const done = (): void => {
      if (busy.get(id) === mine) busy.delete(id);
    };
    mine.then(done, done);
    return mine;
  };
  const load = async (id: string): Promise<LoadedRun | undefined> => {
    const known = cache.get(id);
    if (known) return known;
    const run = await loadRun(ports, settings, specs, id);
    if (run) keep(run);
    return run;
  };
  return {
    alone,
    wakeLater: (id, now) =>
      alone(id, async () => {
        const run = cache.get(id) ?? (await loadRun(ports, settings, specs, id));
        if (run === undefined || isEnded(run.meta.state)) return;
        // Twice as long as it has been still, but for its deadline: a run that waits long is not visited often.
        const still = now - (run.meta.wokenAt ?? run.meta.createdAt);
        const next = now + Math.max(settings.wakeMs, still);
        run.meta = { ...run.meta, wakeAt: Math.min(next, run.meta.deadline ?? next), wokenAt: now };
        run.progress.head.dirty = true;
        const options = { end: undefined, now, durable: false };
        if (!(await saveRun(ports, settings, run, options))) cache.delete(id);
      }),
    cached: (id) => cache.get(id),
    onEnd(id, call) {
      const calls = listeners.get(id) ?? new Set();
      listeners.set(id, calls.add(call));
      return () => {
        calls.delete(call);
        if (calls.size === 0) listeners.delete(id);
      };
    },
    forget: (id) => void cache.delete(id),
    load,
    async loadFrom(id, meta) {
      const known = cache.get(id);
      if (known) return known;
      const run = await fromMeta(ports, settings, specs, meta);
      keep(run);
      return run;
    },
    async look(id, fresh = false) {
      if (fresh) return loadRun(ports, settings, specs, id);
      return cache.get(id) ?? alone(id, () => load(id));
    },
    async save(run, options) {
      const saved = await saveRun(ports, settings, run, options);
      // Nothing more is expected of a run that has ended.
      if (!saved || options.end) cache.delete(run.meta.id);
      if (saved && options.end) for (const call of listeners.get(run.meta.id) ?? []) call();
      return saved;
    },
    async overtaken(run, chunks) {
      if (settings.soleDecider || run.meta.small) return false;
      const others = [...chunks].filter((n) => run.progress.chunks[n] !== undefined);
      const keys = others.map((n) => progressKey(settings.namespace, run.meta.id, n));
      const versions = others.map((n) => (run.progress.chunks[n] as Chunk).version);
      if (run.progress.head.state === 'paused') {
        // What a resume found ready it had sent; what this decision held back is nobody's.
        keys.push(metaKey(settings.namespace, run.meta.id));
        versions.push(run.metaVersion);
      }
      if (keys.length === 0) return false;
      const items = await ports.table.getMany(keys);
      const moved = versions.some((version, i) => (items[i]?.version ?? 0) !== version);
      if (moved) cache.delete(run.meta.id);
      return moved;
    },
  };
}
