import type { AttemptResult, SpawnRequest } from '../contract/execution.ts';
import type { Report } from '../contract/happening.ts';
import type { JsonObject } from '../contract/json.ts';
import { storeValue } from '../engine/blobs.ts';
import { jsonBytes, packSort, runnerPartition, runPartition } from '../engine/items.ts';
import { looseExpiry } from '../engine/retention.ts';
import type { EngineSettings } from '../engine/settings.ts';
import type { Ports } from '../ports/ports.ts';
import type { Put } from '../ports/table.ts';
import { createCompany } from './company.ts';
import type { Held } from './held.ts';
import { insist } from './insist.ts';
import { writeSpawns } from './spawns.ts';

type Needs = Pick<Ports, 'table' | 'blobs' | 'clock'>;

export interface Reports {
  /** Adds an attempt's end; it is durable when `reported` is called with it. */
  add(held: Held, result: AttemptResult): void;
  /** As `add`, for an attempt that its runner has gone on from (`next`): written with the next that is, or by `flush`. */
  addLater(held: Held, result: AttemptResult): void;
  /** Writes what waits. */
  flush(): void;
  /**
   * Writes the report of an attempt whose runner goes on with `next`, at once and alone. Durable when answered,
   * and `next` then knows what it is after; the attempt is not yet let go.
   */
  hop(held: Held, result: AttemptResult, next: Held): Promise<void>;
  /** Writes sub-tasks that an attempt asks for while it runs. */
  spawn(held: Held, requests: readonly SpawnRequest[]): void;
  /** Resolves when nothing is left to write. */
  settled(): Promise<void>;
}

interface Row {
  readonly held: Held;
  readonly result: AttemptResult;
}

export interface ReportsOptions {
  readonly owner: string;
  /**
   * How long reports may wait for company, while more is at work here that may bring some; 0: written at once, those that
   * come meanwhile go together.
   */
  readonly lingerMs: number;
  /** How many attempts are not reported. */
  readonly open: () => number;
  readonly reported: (held: readonly Held[]) => void;
  /** Hears of what can't be written, and never will be. */
  readonly failed: (error: unknown) => void;
}

const packRowsMax = 500;
const packBytesMax = 200 * 1024;

/** Packs reports: many in one item, one write at a time, so that a burst packs itself. */
export function createReports(
  ports: Needs,
  settings: EngineSettings,
  options: ReportsOptions,
): Reports {
  let waiting: Row[] = [];
  let writing: Promise<void> | undefined;
  let packs = 0;
  const mayComeMore = (): boolean => options.open() > waiting.length;
  const company = createCompany(ports.clock, options.lingerMs, mayComeMore);

  const write = async (): Promise<void> => {
    await company.wait();
    while (waiting.length > 0) {
      const rows = waiting;
      waiting = [];
      const puts = await composeRows(rows);
      // A pack that is there already is an own write that landed.
      await insist(ports, async () => void (await ports.table.putMany(puts)));
      options.reported(rows.map(({ held }) => held));
    }
    writing = undefined;
  };
  const composeRows = async (rows: readonly Row[]): Promise<Put[]> => {
    const reports = await packedOf(ports, settings, rows);
    return packsOf(reports).map((pack) => packPut(ports, settings, options.owner, packs++, pack));
  };
  const flush = (): void => {
    if (waiting.length === 0) return;
    company.came();
    writing ??= Promise.resolve()
      .then(write)
      .catch((error: unknown) => {
        // What was not written is found lost when this runner is gone.
        writing = undefined;
        options.failed(error);
      });
  };
  return {
    add(held, result) {
      waiting.push({ held, result });
      flush();
    },
    addLater(held, result) {
      waiting.push({ held, result });
    },
    flush,
    async hop(held, result, next) {
      const row = { held, result };
      const report = plainReport(settings, row) ?? (await fullReport(ports, settings, row));
      held.next = next;
      const put = packPut(ports, settings, options.owner, packs++, [{ held, report }]);
      // The runner goes on by itself: nobody waits for the decider.
      await insist(ports, () => ports.table.putMany([{ ...put, unhurried: true }]));
    },
    spawn(held, requests) {
      const before = held.spawning ?? Promise.resolve();
      held.spawning = before.then(() => writeSpawns(ports, settings, held, requests));
      // The report waits for it, and meets what went wrong.
      held.spawning.catch(() => undefined);
    },
    async settled() {
      flush();
      while (writing) await writing;
    },
  };
}

async function packedOf(
  ports: Needs,
  settings: EngineSettings,
  rows: readonly Row[],
): Promise<readonly Packed[]> {
  const reports: Packed[] = [];
  for (const row of rows) {
    const report = plainReport(settings, row) ?? (await fullReport(ports, settings, row));
    reports.push({ held: row.held, report });
  }
  return reports;
}

/** The report of an attempt that neither spawned nor returned much: nothing has to be written for it first. */
function plainReport(settings: EngineSettings, { held, result }: Row): Report | undefined {
  if (result.spawns?.length || held.spawning || held.spawned.length > 0) return undefined;
  const { output } = result;
  if (output === undefined || output === null) return reportOf(held, result);
  if (jsonBytes(output) > settings.inlineOutputBytes) return undefined;
  return { ...reportOf(held, result), output: { value: output } };
}

async function fullReport(
  ports: Needs,
  settings: EngineSettings,
  { held, result: given }: Row,
): Promise<Report> {
  await held.spawning;
  const late = given.spawns ?? [];
  if (late.length > 0) await writeSpawns(ports, settings, held, late);
  const result = held.notSpawned === undefined ? given : failedBy(given, 'input', held.notSpawned);
  const spawns = held.spawned.length > 0 ? { spawns: held.spawned } : {};
  if (result.output === undefined || result.output === null)
    return { ...reportOf(held, result), ...spawns };
  const bytes = jsonBytes(result.output);
  if (bytes > settings.outputBytesMax) {
    const message = `its output has ${bytes} bytes; at most ${settings.outputBytesMax} are kept`;
    return { ...reportOf(held, failedBy(result, 'output', message)), ...spawns };
  }
  const value = result.output;
  const output = await insist(ports, () =>
    storeValue(ports.blobs, value, settings.inlineOutputBytes),
  );
  return { ...reportOf(held, result), ...spawns, output };
}

const failedBy = (
  result: AttemptResult,
  reason: 'input' | 'output',
  message: string,
): AttemptResult => {
  const { artifacts: _artifacts, ...rest } = result;
  return { ...rest, outcome: 'failed', error: { reason, message } };
};

function reportOf(held: Held, result: AttemptResult): Report {
  return {
    task: held.task,
    attempt: held.attempt,
    outcome: result.outcome,
    startedAt: result.startedAt,
    endedAt: result.endedAt,
    ...(result.error && { error: result.error }),
    ...(result.artifacts && { artifacts: result.artifacts }),
    ...(result.cpuSeconds !== undefined && { cpuSeconds: result.cpuSeconds }),
    ...(result.memoryMb !== undefined && { memoryMb: result.memoryMb }),
  };
}

type Packed = { readonly held: Held; readonly report: Report };

/** Reports of one run go together; those of runs with few go into mixed packs. */
function packsOf(reports: readonly Packed[]): Packed[][] {
  const byRun = new Map<string, Packed[]>();
  for (const packed of reports) {
    const known = byRun.get(packed.held.run);
    if (known) known.push(packed);
    else byRun.set(packed.held.run, [packed]);
  }
  const packs: Packed[][] = [];
  const mixed: Packed[] = [];
  for (const rows of byRun.values()) {
    if (rows.length >= 8 || byRun.size === 1) packs.push(...cut(rows));
    else mixed.push(...rows);
  }
  if (mixed.length > 0) packs.push(...cut(mixed));
  return packs;
}

function cut(rows: readonly Packed[]): Packed[][] {
  const packs: Packed[][] = [];
  let pack: Packed[] = [];
  let bytes = 0;
  for (const row of rows) {
    const { output, error, spawns, artifacts } = row.report;
    const size =
      output || error || spawns || artifacts ? JSON.stringify(row.report).length * 2 : 150;
    if (pack.length >= packRowsMax || (pack.length > 0 && bytes + size > packBytesMax)) {
      packs.push(pack);
      pack = [];
      bytes = 0;
    }
    pack.push(row);
    bytes += size;
  }
  if (pack.length > 0) packs.push(pack);
  return packs;
}

function packPut(
  ports: Needs,
  settings: EngineSettings,
  owner: string,
  number: number,
  pack: readonly Packed[],
): Put {
  const run = (pack[0] as Packed).held.run;
  const mixed = pack.some(({ held }) => held.run !== run);
  const sort = packSort(mixed ? 'MIX#' : 'PACK#', owner, number);
  const reports = pack.map((packed) => {
    const { held } = packed;
    const { task, attempt, after, next } = held;
    // What was gone on with is reported in this pack, or in a later one.
    if (next) next.after = { task, attempt, pack: sort };
    const continued = next && { task: next.task, attempt: next.attempt };
    return {
      ...(mixed && { run: held.run }),
      ...packed.report,
      ...(after && { after }),
      ...(continued && { continued }),
    };
  });
  return {
    item: {
      partition: mixed
        ? runnerPartition(settings.namespace, owner)
        : runPartition(settings.namespace, run),
      sort,
      version: 1,
      ...(mixed && looseExpiry(settings.retention, ports.clock.now())),
      data: {
        owner,
        ...(mixed && { at: ports.clock.now() }),
        reports: reports as unknown as JsonObject[],
      },
    },
    condition: 'absent',
  };
}
