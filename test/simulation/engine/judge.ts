import type { Report } from '../../../src/contract/happening.ts';
import type { RunState } from '../../../src/contract/state.ts';
import type { Task } from '../../../src/contract/workflow.ts';
import { decodeChunk } from '../../../src/core/chunk-codec.ts';
import type { ClaimRow } from '../../../src/core/claim.ts';
import { compile, type Dag } from '../../../src/core/dag.ts';
import type { Tries } from '../../../src/core/progress.ts';
import {
  claimedTask,
  fromData,
  type Meta,
  type PackData,
  runOf,
  type WakeList,
} from '../../../src/engine/items.ts';
import type { Stuck } from '../../../src/engine/stuck-runs.ts';
import type { Item, Key } from '../../../src/ports/table.ts';
import type { Life } from '../kernel/life.ts';
import type { Entry, Planned } from '../world/book.ts';
import type { Fate } from '../world/fates.ts';
import { type NeedsCount, noneCounted, ruleMet } from '../world/rule-met.ts';
import type { Deed, World } from '../world.ts';
import type { End } from './generations.ts';

/** What was promised to a client, kept where no death reaches it. */
export interface Ledger {
  accepted: boolean;
  /** A cancel was answered. */
  cancelled: boolean;
  /** A user has asked for something of the run. */
  touched: boolean;
  reran: boolean;
  /** Somebody wrote records into it that mean nothing. */
  poisoned: boolean;
}

interface ChunkSeen {
  refused: number;
  bytes: Uint8Array;
  generation: number;
  status: Uint8Array;
  decided: Uint16Array;
  readonly tries: ReadonlyMap<number, Tries>;
}

interface RunSeen {
  readonly planned: Planned;
  readonly dag: Dag;
  readonly numbers: ReadonlyMap<string, number>;
  readonly ledger: Ledger;
  meta: Meta | undefined;
  readonly chunks: ChunkSeen[];
  /** By task and attempt: who holds it, and when that was written, virtual ms. */
  readonly claims: Map<string, { readonly owner: string; readonly at: number }>;
  /** Attempts whose success was reported by who went on with the task after it: by that task. */
  readonly continued: Set<number>;
  /** By task and attempt: when a report of it became durable, virtual ms. */
  readonly reported: Map<string, number>;
  /** By task and attempt: what was handed back. */
  readonly released: Set<string>;
  /** How it was at the end of each generation. */
  readonly ends: End[];
  /** By task and generation: the first attempt of what a rerun began anew. */
  readonly firstAttempts: Map<string, number>;
  /** By task and generation: the attempt that began, of what is delivered at most once. */
  readonly onlyAttempts: Map<string, number>;
}

interface MetaRead {
  readonly calledAt: number;
  readonly answeredAt: number;
  readonly state: RunState | undefined;
  readonly generation: number;
}

const ENDED: readonly string[] = ['succeeded', 'failed', 'cancelled'];
const isEnd = (state: string): boolean => ENDED.includes(state);
/** What a refused put means, by what the sort key begins with. */
const refusals: Readonly<Record<string, string>> = {
  META: 'a run was changed by another decider',
  PROGR: 'progress was changed by another decider',
  CLAIM: 'a claim was refused',
  SPAWN: 'a map was expanded twice',
  'LOST#': 'a loss was declared twice',
};
const SUCCEEDED = 3;
/** Awaiting sub-tasks, succeeded, failed. */
const ownEnds: readonly number[] = [2, SUCCEEDED, 4];
/** An attempt begins so soon after its runner asked, unless that stands still. */
const SOON_MS = 50;

/** Which states of a run may follow which, within a generation. */
const next: Readonly<Record<RunState, readonly RunState[]>> = {
  running: ['running', 'paused', 'cancelling', 'succeeded', 'failed', 'cancelled'],
  // A resume, and what made the run end, may be folded together.
  paused: ['running', 'paused', 'cancelling', 'succeeded', 'failed', 'cancelled'],
  cancelling: ['cancelling', 'cancelled', 'failed'],
  succeeded: ['succeeded'],
  failed: ['failed'],
  cancelled: ['cancelled'],
};

/** Holds every commit, and every attempt that begins, to the promises. Knows all that no process can know. */
export class Judge {
  readonly world: World;
  readonly runs: ReadonlyMap<string, RunSeen>;
  readonly #lives = new Map<string, Life>();
  readonly #reads = new Map<string, MetaRead[]>();
  readonly #metaWaiters: (() => void)[] = [];
  readonly #lastReports = new Map<string, Set<() => void>>();
  /** Hears of each attempt that begins. */
  onBegin: (definition: Task, fate: Fate) => void = () => {};
  readonly deedsDone = new Set<Deed>();
  readonly deedKeys = new Map<Deed, string>();
  #clientDone = false;

  constructor(world: World) {
    this.world = world;
    this.runs = new Map(world.runs.map((planned) => [planned.id, seenOf(planned)]));
    world.system.table.onChange((after, before) => {
      if (after) this.#changed(after, before);
      else if (before?.partition.includes('/WAKES#')) this.#unlisted(before);
    });
    if (world.unsynced) world.unsynced.onLost = (key, before) => this.rolledBack(key, before);
    this.#countRefusals();
    world.book.generationOf = (id) => this.run(id).meta?.generation ?? 1;
    world.book.onBegin = (entry, definition) => this.#begins(entry, definition);
  }

  /** Refused puts are where one process met another. */
  #countRefusals(): void {
    const { table } = this.world.system;
    const put = table.put.bind(table);
    table.put = (item, condition, relaxed) => {
      const result = put(item, condition, relaxed);
      if (!result.done) this.count(refusals[item.sort.slice(0, 5)] ?? 'another put was refused');
      return result;
    };
  }

  run(id: string): RunSeen {
    return this.runs.get(id) as RunSeen;
  }

  violate(promise: string, message: string): void {
    this.world.kernel.violate(promise, message);
  }

  count(name: string, by = 1): void {
    if (by > 0) this.world.kernel.counters.add(name, by);
  }

  /** Only a run that was given bad records may have some that can't be decided. */
  stuck(found: readonly Stuck[]): void {
    for (const { run, error } of found)
      if (this.runs.get(run)?.ledger.poisoned !== true)
        this.violate('P17', `run ${run}: ${error instanceof Error ? error.stack : error}`);
      else this.count('a bad record was set aside');
  }

  learnLife(life: Life): void {
    this.#lives.set(life.name, life);
  }

  /** A runner has read a run's META. */
  metaRead(life: Life, run: string, calledAt: number, meta: Meta | undefined): void {
    const answeredAt = this.world.kernel.time;
    const name = `${life.name} ${run}`;
    const reads = this.#reads.get(name) ?? [];
    this.#reads.set(name, [
      { calledAt, answeredAt, state: meta?.state, generation: meta?.generation ?? 1 },
      ...reads.slice(0, 3),
    ]);
  }

  clientIsDone(): void {
    this.#clientDone = true;
    for (const call of this.#metaWaiters) call();
  }

  /** Whether everything that was asked for has come to an end. */
  get allEnded(): boolean {
    if (!this.#clientDone) return false;
    for (const { meta } of this.runs.values())
      if (meta === undefined || !isEnd(meta.state)) return false;
    return true;
  }

  /** What keeps the world from its end, in words. */
  whatIsOpen(): string {
    const words: string[] = this.#clientDone ? [] : ['the client is not done'];
    for (const { planned, meta, chunks } of this.runs.values()) {
      if (meta === undefined) words.push(`${planned.id} is not there`);
      else if (!isEnd(meta.state)) {
        const codes = chunks.map(({ status }) => status.join('')).join('|');
        const tries = chunks.flatMap((chunk) =>
          [...chunk.tries].map(([n, t]) => `${n}:${t.attempt}`),
        );
        words.push(`${planned.id} is ${meta.state}, ${codes} attempts ${tries.join(' ')}`);
      }
    }
    return words.join('; ');
  }

  /** Calls back when a report comes while only one task of a run is open, or soon when all have ended. Returns how to stop. */
  onLastReport(run: string, call: () => void): () => void {
    if (isEnd(this.runs.get(run)?.meta?.state ?? 'running')) this.world.kernel.after(1, call);
    const calls = this.#lastReports.get(run) ?? new Set();
    this.#lastReports.set(run, calls.add(call));
    return () => calls.delete(call);
  }

  /** Calls back whenever a run's META was written, and when the client is done. */
  onMeta(call: () => void): void {
    this.#metaWaiters.push(call);
  }

  /** What lies under a key is no longer what was last written there: the machine lost it. */
  rolledBack({ partition, sort }: Key, item: Item | undefined): void {
    const run = this.runs.get(runOf(partition));
    if (run === undefined) return;
    if (sort === 'META' && item) {
      run.meta = item.data as unknown as Meta;
      if (run.meta.progress) run.chunks[0] = seenChunk(item, run.meta.progress as Item['data']);
    } else if (sort.startsWith('PROGRESS#'))
      run.chunks[Number.parseInt(sort.slice(9), 36)] = item
        ? seenChunk(item, item.data)
        : noChunk();
  }

  #changed(after: Item, before: Item | undefined): void {
    const { sort } = after;
    if (sort.startsWith('MIX#')) {
      this.#packed(after);
      return;
    }
    if (sort === 'CLAIM#') {
      this.#firstsClaimed(after);
      return;
    }
    if (after.partition.includes('/WAKES#')) {
      this.#wakeLists.set(sort, fromData<WakeList>(after.data).runs);
      return;
    }
    const run = this.runs.get(runOf(after.partition));
    if (run === undefined) return;
    if (sort === 'META') this.#metaChanged(run, after, before);
    else if (sort.startsWith('PROGRESS#'))
      this.#chunkChanged(run, Number.parseInt(sort.slice(9), 36), after, after.data);
    else if (sort.startsWith('CLAIM#')) this.#claimed(run, after);
    else if (sort.startsWith('PACK#')) this.#packed(after);
    else if (sort.startsWith('LOST#')) this.count('an attempt was declared lost');
  }

  #metaChanged(run: RunSeen, after: Item, before: Item | undefined): void {
    const meta = after.data as unknown as Meta;
    const { id } = run.planned;
    const was = before && (before.data as unknown as Meta);
    if (was === undefined) {
      if (run.meta) this.violate('P8', `${id} was created twice`);
      if (!this.world.system.blobs.has(meta.hash))
        this.violate('P15', `${id} is there, its workflow is not`);
    } else this.#metaMoved(run, after, before as Item, meta, was);
    run.meta = meta;
    if (isEnd(meta.state)) {
      if (meta.wakeAt !== undefined) this.violate('P11', `${id} has ended, and has a wake-up`);
    } else if (!this.#willWake(after, meta))
      this.violate('P11', `${id} is ${meta.state}, and nothing will wake it`);
    if (meta.progress) this.#chunkChanged(run, 0, after, meta.progress as Item['data']);
    if (isEnd(meta.state) && (was === undefined || !isEnd(was.state))) this.#ended(run, meta);
    for (const call of this.#metaWaiters) call();
  }

  /** Runs of lists that are there, by the list's key. */
  readonly #wakeLists = new Map<string, readonly string[]>();

  /** In the index by when; or in a list. */
  #willWake({ indexes }: Item, { id, wakeAt }: Meta): boolean {
    return wakeAt === undefined ? this.#isListed(id) : indexes?.active !== undefined;
  }

  #isListed = (id: string): boolean =>
    [...this.#wakeLists.values()].some((runs) => runs.includes(id));

  #unlisted({ sort }: Item): void {
    const before = this.#wakeLists.get(sort) ?? [];
    this.#wakeLists.delete(sort);
    for (const id of before) {
      const meta = this.runs.get(id)?.meta;
      if (meta === undefined || isEnd(meta.state) || meta.wakeAt !== undefined) continue;
      if (!this.#isListed(id)) this.violate('P11', `${id} is ${meta.state}, and its list is gone`);
    }
  }

  #metaMoved(run: RunSeen, after: Item, before: Item, meta: Meta, was: Meta): void {
    const { id } = run.planned;
    if (after.version !== before.version + 1)
      this.violate('P5', `${id} META goes from version ${before.version} to ${after.version}`);
    if (JSON.stringify(meta.input) !== JSON.stringify(was.input))
      this.violate('P1', `${id} has another input`);
    if (meta.generation === was.generation) {
      if (!next[was.state].includes(meta.state))
        this.violate('P5', `${id} was ${was.state}, and is ${meta.state}`);
      if (run.ledger.cancelled && meta.state === 'succeeded')
        this.violate('P12', `${id} succeeded after its cancel was answered`);
    } else if (meta.generation === was.generation + 1 && isEnd(was.state)) {
      this.count('a run was run again');
      run.ledger.cancelled = false;
    } else
      this.violate(
        'P5',
        `${id} ${was.state} goes to generation ${meta.generation} as ${meta.state}`,
      );
    if (was.state === 'cancelling' && meta.state === 'failed' && !meta.fails)
      this.violate('P12', `${id} was cancelled, and failed all the same`);
    if (was.state === 'paused' && meta.state === 'running') this.count('a run was resumed');
    if ((was.segments?.length ?? 0) > (meta.segments?.length ?? 0) && !meta.segmentPages)
      this.violate('P1', `${id} lost spawned tasks`);
  }

  /** The run's end is a function of its tasks. */
  #ended(run: RunSeen, meta: Meta): void {
    const { id } = run.planned;
    const { state, generation, renewals = [] } = meta;
    const status = run.chunks.flatMap((chunk) => [...chunk.status]);
    const attempts = new Map(
      run.chunks.flatMap((chunk, n) =>
        [...chunk.tries].map(([place, tries]) => [n * meta.chunkSize + place, tries.attempt]),
      ),
    );
    run.ends.push({ generation, state, renewals, status, attempts });
    let total = meta.tasks;
    for (const [, count] of meta.segments ?? []) total += count;
    let seen = 0;
    let failed = 0;
    for (const chunk of run.chunks)
      for (const code of chunk.status) {
        if (code < SUCCEEDED) this.violate('P7', `${id} is ${meta.state}, and a task is open`);
        if (code === 4) failed++;
        seen++;
      }
    if (seen !== total) this.violate('P7', `${id} ended with ${seen} of ${total} tasks`);
    if (meta.state === 'failed' && failed === 0 && !meta.fails)
      this.violate('P7', `${id} failed, and none of its tasks`);
  }

  #chunkChanged(run: RunSeen, n: number, item: Item, data: Item['data']): void {
    const was = run.chunks[n];
    const bytes = item.bytes ?? new Uint8Array();
    const now = seenChunk(item, data);
    now.bytes = bytes;
    run.chunks[n] = now;
    const refused = (stored: Item['data']): number =>
      ((stored.refused ?? []) as readonly unknown[]).length;
    now.refused = refused(data);
    this.count('a stale report was refused', now.refused - (was?.refused ?? 0));
    this.#checkOrder(run, n, was, now);
    // What was there and is lost is of no generation.
    if (was && was.generation > 0) this.#chunkMoved(run, n, was, now);
  }

  /**
   * A task that ended by its own work did so when the ends of its needs were there for all to see. What has none is ended
   * with what it follows from, and may be stored first.
   */
  #checkOrder(run: RunSeen, n: number, was: ChunkSeen | undefined, now: ChunkSeen): void {
    if ((run.meta?.generation ?? 1) > 1 || now.generation > 1) return;
    const base = n * (run.meta?.chunkSize ?? 0);
    for (const [place, code] of now.status.entries()) {
      const definition = run.dag.tasks[base + place];
      if (definition === undefined || definition.run.kind === 'none') continue;
      if (!ownEnds.includes(code)) continue;
      if (ownEnds.includes(was?.status[place] ?? 0)) continue;
      const count = this.#countNeeds(run, definition);
      if (ruleMet(definition.rule ?? 'all-succeeded', count)) continue;
      const words = `${run.planned.id} ${definition.id} comes to ${code}`;
      this.violate('P3', `${words}: ${JSON.stringify(count)}`);
    }
  }

  #chunkMoved(run: RunSeen, n: number, was: ChunkSeen, now: ChunkSeen): void {
    const base = n * (run.meta?.chunkSize ?? 0);
    const name = (place: number): string =>
      `${run.planned.id} ${run.dag.tasks[base + place]?.id ?? base + place}`;
    if (now.generation < was.generation) this.violate('P4', `${name(0)}: generation falls`);
    const same = now.generation === was.generation;
    if (!same)
      for (const [place, { attempt }] of now.tries)
        run.firstAttempts.set(
          `${base + place}@${now.generation}`,
          now.status[place] === was.status[place] ? 1 : attempt,
        );
    for (let place = 0; place < was.status.length; place++) {
      const [before, after] = [was.status[place] as number, now.status[place] as number];
      if (!same || before < SUCCEEDED) continue;
      if (after !== before) this.violate('P5', `${name(place)} ended ${before}, and is ${after}`);
    }
    for (const [place, before] of was.tries) {
      const after = now.tries.get(place);
      if (after === undefined || after.attempt < before.attempt)
        this.violate(
          'P4',
          `${name(place)} goes from attempt ${before.attempt} to ${after?.attempt}`,
        );
      else if (same && (after.tries < before.tries || after.lost < before.lost))
        this.violate('P6', `${name(place)} forgets tries`);
    }
    for (const [place, { tries, lost }] of now.tries) {
      const definition = run.dag.tasks[base + place];
      if (definition && (tries > triesMax(definition) || lost > (definition.lostMax ?? 10) + 1))
        this.violate('P6', `${name(place)} had ${tries} tries, and was lost ${lost} times`);
    }
  }

  #claimed(run: RunSeen, item: Item): void {
    for (const [owner, , , tasks] of item.data.claims as unknown as readonly ClaimRow[])
      for (const [place, attempt] of tasks)
        this.#granted(run, claimedTask(item, place), attempt, owner);
  }

  /** Claims on the first tasks of runs whose ids differ in their last character. */
  #firstsClaimed(item: Item): void {
    const [, id = ''] = item.partition.split('/CLAIMS#');
    for (const [owner, , , tasks] of item.data.claims as unknown as readonly ClaimRow[])
      for (const [place, attempt] of tasks) {
        const run = this.runs.get(id + String.fromCharCode(place));
        if (run) this.#granted(run, 0, attempt, owner);
      }
  }

  #granted(run: RunSeen, task: number, attempt: number, owner: string): void {
    const name = `${task}#${attempt}`;
    const known = run.claims.get(name);
    if (known === undefined) run.claims.set(name, { owner, at: this.world.kernel.time });
    else if (known.owner !== owner)
      this.violate('P4', `${run.planned.id} ${name} was granted to two runners`);
  }

  #packed(item: Item): void {
    const { reports } = item.data as unknown as PackData;
    if (!Array.isArray(reports)) return;
    for (const row of reports) {
      if (row === null) continue; // one that was written to do harm
      const report = row as unknown as Report & { run?: string };
      const run = this.runs.get(report.run ?? runOf(item.partition));
      const name = `${report.task}#${report.attempt}`;
      if (run === undefined || run.reported.has(name)) continue;
      run.reported.set(name, this.world.kernel.time);
      if (openTasks(run) === 1)
        for (const call of this.#lastReports.get(run.planned.id) ?? []) call();
      if (report.outcome === 'released') run.released.add(name);
      this.count('an attempt was handed back', report.outcome === 'released' ? 1 : 0);
      this.count('an attempt waited too long', report.error?.reason === 'queue-limit' ? 1 : 0);
      if (report.continued === undefined || report.outcome !== 'succeeded') continue;
      run.continued.add(report.continued.task);
      this.count('a chain went on');
    }
  }

  #begins(entry: Entry, definition: Task): void {
    const run = this.run(entry.run);
    this.onBegin(definition, run.planned.fates.of(entry.task, entry.attempt, definition));
    const { meta } = run;
    if (meta === undefined) {
      this.violate('P15', `${entry.task} of no run begins`);
      return;
    }
    const life = this.#lives.get(entry.by);
    this.#checkWanted(run, entry, definition, life);
    const number = run.numbers.get(entry.task);
    if (definition.delivery === 'at-most-once') this.#checkOnlyAttempt(run, entry, number);
    if (number === undefined) return;
    this.#checkRule(run, entry, definition, number);
    this.#ran.add(`${entry.by} ${entry.run} ${entry.task}`);
    const tries = this.#triesOf(run, number);
    const calm = this.world.kernel.luck.rates.jump === 0;
    if (calm && life && tries && tries.attempt === entry.attempt) {
      const early = tries.readyAt - life.clock.now();
      if (early > 17_000) this.violate('P10', `${entry.task} begins ${early} ms early`);
    }
  }

  /**
   * Of what is delivered at most once no second attempt begins, but for a rerun. One that was claimed before the rerun may
   * begin after it, when its runner stood still meanwhile: it is of the generation that made it.
   */
  #checkOnlyAttempt(run: RunSeen, { run: id, task, attempt }: Entry, number?: number): void {
    let generation = run.meta?.generation ?? 1;
    if (number === undefined && generation > 1) return; // whose attempt it is cannot be told
    while (generation > 1 && attempt < (run.firstAttempts.get(`${number}@${generation}`) ?? 1))
      generation--;
    const name = `${task} in generation ${generation}`;
    const before = run.onlyAttempts.get(name) ?? attempt;
    run.onlyAttempts.set(name, attempt);
    if (before !== attempt) this.violate('P4', `${id} ${name} begins #${before}, and #${attempt}`);
  }

  #triesOf(run: RunSeen, number: number): Tries | undefined {
    const size = run.meta?.chunkSize ?? 1;
    return run.chunks[Math.floor(number / size)]?.tries.get(number % size);
  }

  /** Between its claim and its start, its runner asks whether the run still wants it. */
  #checkWanted(run: RunSeen, entry: Entry, definition: Task, life: Life | undefined): void {
    const name = `${entry.run} ${entry.task}#${entry.attempt}`;
    const number = run.numbers.get(entry.task);
    const claim = number === undefined ? undefined : run.claims.get(`${number}#${entry.attempt}`);
    const claimed = definition.delivery !== 'at-least-once' && number !== undefined;
    if (claimed && claim === undefined) this.violate('P4', `${name} begins without a claim`);
    const reads = this.#reads.get(`${entry.by} ${entry.run}`) ?? [];
    const { time } = this.world.kernel;
    const asked = reads.some(({ calledAt, answeredAt, state, generation }) => {
      const wanted =
        (state === 'running' || (state === 'cancelling' && definition.rule === 'always')) &&
        entry.attempt >= (run.firstAttempts.get(`${number}@${generation}`) ?? 1);
      const soon = this.#isRecent({ answeredAt }, life);
      return wanted && soon && (!claimed || calledAt >= (claim?.at ?? 0));
    });
    if (!asked) this.violate('P12', `${name} begins: ${time}, ${JSON.stringify(reads)}`);
  }

  #isRecent({ answeredAt }: Pick<MetaRead, 'answeredAt'>, life: Life | undefined): boolean {
    const ago = this.world.kernel.time - answeredAt;
    return ago <= SOON_MS || (life?.frozenUntil ?? 0) >= answeredAt;
  }

  /** Without a claim nothing holds back an attempt whose runner had asked when the run was run again meanwhile. */
  #askedBeforeRerun(run: RunSeen, entry: Entry, { delivery }: Task): boolean {
    const reads = this.#reads.get(`${entry.by} ${entry.run}`) ?? [];
    const now = run.meta?.generation ?? 1;
    const life = this.#lives.get(entry.by);
    return (
      delivery === 'at-least-once' &&
      reads.some((read) => read.generation < now && this.#isRecent(read, life))
    );
  }

  #checkRule(run: RunSeen, entry: Entry, definition: Task, number: number): void {
    const count = this.#countNeeds(run, definition);
    if (ruleMet(definition.rule ?? 'all-succeeded', count)) return;
    if (run.continued.has(number) || this.#askedBeforeRerun(run, entry, definition)) return;
    if (this.#wentOn(entry, definition)) return;
    this.violate(
      'P3',
      `${entry.run} ${entry.task}#${entry.attempt} begins: ${JSON.stringify(count)}`,
    );
  }

  readonly #ran = new Set<string>();

  /** Delivered at least once, a task may follow in the same runner before its need's report is written. */
  #wentOn({ by, run }: Entry, { delivery, needs = [] }: Task): boolean {
    const ranHere = needs.every((need) => this.#ran.has(`${by} ${run} ${need}`));
    return delivery === 'at-least-once' && needs.length === 1 && ranHere;
  }

  #countNeeds(run: RunSeen, { needs = [] }: Task): NeedsCount {
    const count = noneCounted(needs.length);
    const size = run.meta?.chunkSize ?? 1;
    const fields = [
      'open',
      'open',
      'open',
      'succeeded',
      'failed',
      'cancelled',
      'skipped',
      'doomed',
    ];
    for (const need of needs) {
      const at = run.numbers.get(need) as number;
      const code = run.chunks[Math.floor(at / size)]?.status[at % size] ?? 0;
      count[fields[code] as keyof NeedsCount]++;
    }
    return count;
  }
}

function openTasks({ meta, chunks }: RunSeen): number {
  let open = meta?.tasks ?? 0;
  for (const [, count] of meta?.segments ?? []) open += count;
  // Some are not there yet.
  chunks.forEach(({ status }) => {
    for (const code of status) if (code >= SUCCEEDED) open--;
  });
  return open;
}

const triesMax = ({ retry }: Task): number =>
  Math.max(retry?.attemptsMax ?? 1, ...(retry?.policies ?? []).map((p) => p.attemptsMax ?? 1));

const noChunk = (): ChunkSeen => ({
  refused: 0,
  bytes: new Uint8Array(),
  generation: 0,
  status: new Uint8Array(),
  decided: new Uint16Array(),
  tries: new Map(),
});

function seenChunk(item: Item, data: Item['data']): ChunkSeen {
  const bytes = item.bytes ?? new Uint8Array();
  const { generation, status, decided, tries } = decodeChunk({ data, bytes }, 0);
  return { refused: 0, bytes, generation, status, decided, tries };
}

function seenOf(planned: Planned): RunSeen {
  const compiled = compile(planned.workflow.tasks);
  if (compiled.kind !== 'dag') throw new Error('the planned workflow is no dag');
  const { dag } = compiled;
  return {
    planned,
    dag,
    numbers: new Map(dag.tasks.map((task, number) => [task.id, number])),
    ledger: { accepted: false, cancelled: false, touched: false, reran: false, poisoned: false },
    meta: undefined,
    chunks: [],
    claims: new Map(),
    continued: new Set(),
    reported: new Map(),
    released: new Set(),
    ends: [],
    firstAttempts: new Map(),
    onlyAttempts: new Map(),
  };
}
