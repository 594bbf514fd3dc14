/**
 * How one run's cost grows with its tasks: layers with random edges, of tasks that do nothing and end in the engine.
 *
 *   node bench/growth.ts [--sizes 10,1000,100000,1000000] [--repeats 3] [--json FILE]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Task, Workflow } from '../src/contract/workflow.ts';
import { startEmbedded } from '../src/embedded/index.ts';
import { describeMachine, machineText } from './machine.ts';
import { figure, judged, median, rounded } from './row.ts';
import { table } from './table.ts';

const needsMax = 3;
const perTaskMax = 1.25;
const memoryMbMax = 1536;
const flatFrom = 1000;

interface Growth {
  readonly tasks: number;
  readonly edges: number;
  readonly seconds: number;
  readonly submitSeconds: number;
  readonly storedBytes: number;
  readonly memoryMb: number;
}

/** The same at each call. */
function createRandom(): () => number {
  let state = 0x2545f491;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const name = (n: number): string => `t${String(n).padStart(7, '0')}`;

/** About as many layers as tasks in each. */
function layers(count: number): Workflow {
  const random = createRandom();
  const width = Math.max(2, Math.round(Math.sqrt(count)));
  const tasks = Array.from({ length: count }, (_, n): Task => {
    const first = Math.floor(n / width) * width - width;
    const needs = new Set<string>();
    if (first >= 0)
      for (let i = 0; i < needsMax; i++) needs.add(name(first + Math.floor(random() * width)));
    const sorted = [...needs].sort();
    return { id: name(n), ...(sorted.length > 0 && { needs: sorted }), run: { kind: 'none' } };
  });
  return { name: 'layers', tasks };
}

const bytesIn = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);

/** In this process alone: what it has used at most is what this one run took. */
async function grow(count: number): Promise<Growth> {
  const folder = mkdtempSync(join(tmpdir(), 'fanfold-bench-'));
  const open = () => startEmbedded({ dataFolder: folder, port: null });
  const empty = await open();
  await empty.close();
  const before = bytesIn(folder);
  const { engine, close } = await open();
  const workflow = layers(count);
  const edges = workflow.tasks.reduce((sum, task) => sum + (task.needs?.length ?? 0), 0);
  const begin = performance.now();
  const { run } = await engine.submit({ workflow });
  const submitted = performance.now();
  const { state, reason } = await engine.end(run.id, 600_000);
  const seconds = (performance.now() - begin) / 1000;
  if (state !== 'succeeded') throw new Error(`the run ended as ${state}: ${reason}`);
  await close();
  const storedBytes = bytesIn(folder) - before;
  rmSync(folder, { recursive: true });
  const memoryMb = process.resourceUsage().maxRSS / 1024;
  return {
    tasks: count,
    edges,
    seconds,
    submitSeconds: (submitted - begin) / 1000,
    storedBytes,
    memoryMb,
  };
}

/** The median of each figure over some processes. */
function measured(count: number, repeats: number): Growth {
  const args = ['--disable-warning=ExperimentalWarning', import.meta.filename, '--one', `${count}`];
  const all = Array.from({ length: repeats }, (): Growth => {
    const text = execFileSync(process.execPath, args, { encoding: 'utf8' });
    return JSON.parse(text.trim().split('\n').at(-1) ?? '');
  });
  const of = (field: keyof Growth): number => median(all.map((one) => one[field]));
  return {
    tasks: count,
    edges: of('edges'),
    seconds: of('seconds'),
    submitSeconds: of('submitSeconds'),
    storedBytes: of('storedBytes'),
    memoryMb: of('memoryMb'),
  };
}

const perTask = (growth: Growth, value: number): number => value / growth.tasks;

function lineOf(growth: Growth, base: Growth | undefined): string[] {
  const us = perTask(growth, growth.seconds * 1e6);
  const bytes = perTask(growth, growth.storedBytes);
  const isLater = base !== undefined && growth.tasks > base.tasks;
  const flat = (value: number, first: number): string =>
    judged({ figure: 'ratio', under: perTaskMax }, value / first).met;
  return [
    figure(growth.tasks),
    figure(growth.edges),
    figure(growth.seconds),
    figure(growth.submitSeconds),
    figure(us),
    isLater ? flat(us, perTask(base, base.seconds * 1e6)) : '',
    figure(bytes),
    isLater ? flat(bytes, perTask(base, base.storedBytes)) : '',
    figure(growth.memoryMb),
    growth.tasks >= 1_000_000
      ? judged({ figure: 'rss_mb', under: memoryMbMax }, growth.memoryMb).met
      : '',
  ];
}

const heads = [
  'tasks',
  'edges',
  'seconds',
  'of it submit',
  'µs/task',
  `within ${perTaskMax} of ${flatFrom}`,
  'stored bytes/task',
  `within ${perTaskMax} of ${flatFrom}`,
  'peak MB',
  `under ${memoryMbMax} MB`,
];

const { values: options } = parseArgs({
  options: {
    one: { type: 'string' },
    sizes: { type: 'string', default: '10,1000,100000,1000000' },
    repeats: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
});

if (options.one !== undefined) console.log(JSON.stringify(await grow(Number(options.one))));
else {
  const sizes = options.sizes.split(',').map(Number);
  const rows = sizes.map((size) => measured(size, Number(options.repeats)));
  const base = rows.find(({ tasks }) => tasks >= flatFrom);
  const machine = describeMachine();
  const about = 'Durable: one fsync for each group of puts. Medians of separate processes.';
  console.log(`${machineText(machine)}\n${about}\n`);
  console.log(
    table(
      heads,
      rows.map((row) => lineOf(row, base)),
    ),
  );
  if (options.json !== undefined) {
    const given = rows.map((row) => ({ ...row, seconds: rounded(row.seconds, 4) }));
    const text = JSON.stringify({ bench: 'growth', machine, rows: given }, null, 2);
    writeFileSync(resolve(options.json), `${text}\n`);
  }
}
