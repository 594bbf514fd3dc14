import { createHash } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogLine, LogSink } from '../../ports/log-sink.ts';
import { type Damage, DamageList } from './damage.ts';
import { namesIn } from './files-in.ts';
import { LogFile, Turns } from './log-file.ts';
import { encodeLine } from './log-line.ts';
import { scanLog } from './log-scan.ts';

export interface LogsOptions {
  /** What is kept of one attempt's output; its system lines come on top. Default 64 MB. */
  readonly attemptBytesMax?: number;
  /** Hears of each damaged line once. */
  readonly onDamage?: (damage: Damage) => void;
}

export interface EmbeddedLogs extends LogSink {
  /** What was found damaged since the logs were opened. */
  damaged(): readonly Damage[];
  /** Removes the logs of runs that printed nothing since `time`, epoch ms; answers with how many. */
  removeBefore(time: number): Promise<number>;
  close(): Promise<void>;
}

/** How many files are held open while nothing is written, and how many are written at a time. */
const OPEN_MAX = 64;
const WRITING_MAX = 16;
/** Attempts of a run that are counted; beyond it, those that printed little are forgotten. */
const COUNTED_MAX = 50_000;
const LITTLE_BYTES = 1024 * 1024;
/** One system line more than any runner should print. */
const SYSTEM_BYTES_MAX = 1024 * 1024;

interface RunLog {
  readonly file: LogFile;
  /** Bytes by task, attempt, and whether it is the system's. */
  readonly counts: Map<string, number>;
}

/** What tasks print, one file a run, in JSON lines. */
export function openLogs(folder: string, options: LogsOptions = {}): EmbeddedLogs {
  const { attemptBytesMax = 64 * 1024 * 1024 } = options;
  const damage = new DamageList(options.onDamage);
  const runs = new OpenRuns(folder);
  return {
    async append(lines) {
      const writes: Promise<void>[] = [];
      for (const [run, own] of byRun(lines)) {
        const log = runs.get(run);
        const text = own.map((line) => accepted(log.counts, line, attemptBytesMax)).join('');
        if (text !== '') writes.push(log.file.append(text));
      }
      await Promise.all(writes);
    },
    read: (query) => {
      const file = fileOf(folder, query.run);
      return scanLog(file, query, (offset) =>
        damage.add({ file, place: `line at byte ${offset}`, reason: 'its checksum does not fit' }),
      );
    },
    damaged: () => damage.all(),
    removeBefore: (time) => removeBefore(folder, runs, time),
    close: () => runs.close(),
  };
}

/** The files in use, least recently used first. */
class OpenRuns {
  readonly #folder: string;
  readonly #runs = new Map<string, RunLog>();
  readonly #turns = new Turns(WRITING_MAX, () => this.#closeSome());

  constructor(folder: string) {
    this.#folder = folder;
  }

  get(run: string): RunLog {
    const path = fileOf(this.#folder, run);
    const log = this.#runs.get(path) ?? {
      file: new LogFile(path, this.#turns),
      counts: new Map(),
    };
    this.#runs.delete(path);
    this.#runs.set(path, log);
    return log;
  }

  /** False when the file is being written. */
  async release(path: string): Promise<boolean> {
    const log = this.#runs.get(path);
    if (log?.file.busy) return false;
    this.#runs.delete(path);
    await log?.file.close();
    return true;
  }

  async close(): Promise<void> {
    const open = [...this.#runs.values()];
    this.#runs.clear();
    await Promise.all(open.map(({ file }) => file.close()));
  }

  #closeSome(): void {
    if (this.#runs.size <= OPEN_MAX) return;
    for (const [path, { file }] of this.#runs) {
      if (file.busy) continue;
      this.#runs.delete(path);
      void file.close();
      if (this.#runs.size <= OPEN_MAX) return;
    }
  }
}

function byRun(lines: readonly LogLine[]): Map<string, LogLine[]> {
  const runs = new Map<string, LogLine[]>();
  for (const line of lines) {
    const own = runs.get(line.run);
    if (own === undefined) runs.set(line.run, [line]);
    else own.push(line);
  }
  return runs;
}

/** The line as it is written; the first one beyond the limit becomes a note, the others nothing. */
function accepted(counts: Map<string, number>, line: LogLine, bytesMax: number): string {
  const system = line.stream === 'system';
  const key = `${line.task}\0${line.attempt}\0${system}`;
  const most = system ? SYSTEM_BYTES_MAX : bytesMax;
  const before = counts.get(key) ?? 0;
  if (before > most) return '';
  const text = encodeLine(line);
  if (counts.size >= COUNTED_MAX) forgetLittle(counts);
  counts.set(key, before + Buffer.byteLength(text));
  if (before + text.length <= most) return text;
  const kept = `${Math.floor(most / 1024)} KB of output were kept, what follows is not`;
  counts.set(key, Number.POSITIVE_INFINITY);
  return encodeLine({ ...line, stream: 'system', text: kept });
}

function forgetLittle(counts: Map<string, number>): void {
  for (const [key, bytes] of counts) if (bytes < LITTLE_BYTES) counts.delete(key);
}

const plainId = /^[0-9A-Z]{26}$/;

/**
 * Ids that could be anything, also on disks that know no case, are hashed. The folder's name holds the time of a
 * ULID, so that runs of some nine hours lie together.
 */
function fileOf(folder: string, run: string): string {
  if (plainId.test(run)) return join(folder, run.slice(0, 5), `${run}.jsonl`);
  const hash = createHash('sha256').update(run).digest('hex');
  return join(folder, 'other', `${hash}.jsonl`);
}

async function removeBefore(folder: string, runs: OpenRuns, time: number): Promise<number> {
  let removed = 0;
  for (const group of await namesIn(folder)) {
    for (const name of await namesIn(join(folder, group))) {
      const path = join(folder, group, name);
      if ((await stat(path)).mtimeMs >= time || !(await runs.release(path))) continue;
      await rm(path, { force: true });
      removed++;
    }
  }
  return removed;
}
