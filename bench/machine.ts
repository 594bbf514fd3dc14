import {
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { median, rounded } from './row.ts';

export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  /** One minute's load when the bench began: others' work. */
  readonly load1: number;
  /** The median of many appends of a page, each made durable. */
  readonly fsyncMs: number;
}

export function describeMachine(): Machine {
  return {
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
    node: process.version,
    load1: rounded(loadavg()[0] ?? 0) as number,
    fsyncMs: fsyncCost(),
  };
}

export const machineText = (machine: Machine): string =>
  `${machine.date}: ${machine.cores} cores (${machine.cpu}), ${machine.memoryGb} GB, ${machine.system}, Node ${machine.node}, load ${machine.load1}; one fsync takes ${machine.fsyncMs} ms`;

const FSYNCS = 200;

function fsyncCost(): number {
  const folder = mkdtempSync(join(tmpdir(), 'fanfold-fsync-'));
  const file = openSync(join(folder, 'file'), 'w');
  const page = Buffer.alloc(8192, 1);
  const times: number[] = [];
  for (let i = 0; i < FSYNCS; i++) {
    writeSync(file, page);
    const begin = performance.now();
    fsyncSync(file);
    times.push(performance.now() - begin);
  }
  closeSync(file);
  rmSync(folder, { recursive: true });
  return rounded(median(times), 3) as number;
}

/** Memory of a process and all that it started, in MB, as `ps` tells it. */
export function memoryOf(pid: number): number {
  let kb = 0;
  for (const one of familyOf(pid)) kb += statusOf(one).rssKb;
  return kb / 1024;
}

function familyOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of procNumbers()) {
    const { parent } = statusOf(name);
    children.set(parent, [...(children.get(parent) ?? []), name]);
  }
  const found: number[] = [];
  const walk = (one: number): void => {
    found.push(one);
    for (const child of children.get(one) ?? []) walk(child);
  };
  walk(pid);
  return found;
}

const procNumbers = (): number[] =>
  readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));

/** Of a process that is gone: nothing. */
function statusOf(pid: number): { parent: number; rssKb: number } {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
    return { parent: field('PPid'), rssKb: field('VmRSS') };
  } catch {
    return { parent: 0, rssKb: 0 };
  }
}
