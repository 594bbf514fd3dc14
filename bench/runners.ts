/**
 * What a language costs: calls of a warm function end to end through the embedded engine, programs beside a bare loop that
 * spawns the same, and what the agent takes for itself.
 *
 *   npm run bench -- runners [--only go,rust] [--repeats 3] [--json FILE]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Run } from '../src/contract/workflow.ts';
import type { Language, Way } from '../test/runtime-images/language.ts';
import { bash } from '../test/runtime-images/languages/bash.ts';
import { c, cpp } from '../test/runtime-images/languages/cpp.ts';
import { go } from '../test/runtime-images/languages/go.ts';
import { java } from '../test/runtime-images/languages/java.ts';
import { node } from '../test/runtime-images/languages/node.ts';
import { perl } from '../test/runtime-images/languages/perl.ts';
import { php } from '../test/runtime-images/languages/php.ts';
import { python } from '../test/runtime-images/languages/python.ts';
import { ruby } from '../test/runtime-images/languages/ruby.ts';
import { rust } from '../test/runtime-images/languages/rust.ts';
import { addHarness, bundle } from '../tools/bundle.ts';
import { describeMachine, machineText } from './machine.ts';
import { type Aim, figure, judged, median } from './row.ts';
import type { Order } from './runners/child.ts';
import { bareSpawnRate } from './speed/spawn-loop.ts';
import { table } from './table.ts';

const warmAims: Readonly<Record<string, number>> = {
  node: 54_000,
  python: 20_000,
  go: 30_000,
  rust: 30_000,
};
const spawnRatioMin = 0.85;
const agentMbMax = 100;
const dependenciesMsMax = 50;
const calls = 60_000;
const programs = 400;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    repeats: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
});
const repeats = Number(options.repeats);
const wanted = options.only.split(',').filter((name) => name !== '');
const rows: Record<string, string | number>[] = [];

function add(language: string, what: string, rate: number, aim?: Aim, note = ''): void {
  const value = aim?.figure === 'ratio' ? Number(note.split(' ')[0]) : rate;
  rows.push({ language, what, figure: Math.round(rate), ...judged(aim, value), note });
  console.error(`${language}: ${what}: ${Math.round(rate)} ${note}`);
}

const measured = (order: Order): number =>
  lastLine([join(import.meta.dirname, 'runners', 'child.ts'), JSON.stringify(order)]);

function lastLine(program: readonly string[]): number {
  const args = ['--disable-warning=ExperimentalWarning', ...program];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return Number(stdout.trim().split('\n').at(-1));
}

const several = (once: () => number): number => median(Array.from({ length: repeats }, once));

/** Of tasks whose dependencies are installed already. */
function msWithDependencies(): Readonly<Record<string, number>> {
  const file = join(import.meta.dirname, 'runners', 'dependencies.ts');
  const args = ['--disable-warning=ExperimentalWarning', file];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, number>;
}

/** Of an executor as it is in an image: bundled, and nothing else in its process. */
async function agentMb(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'fanfold-bench-agent-'));
  try {
    await bundle('bench/runners/agent.ts', 'agent', folder);
    await addHarness(folder);
    return several(() => lastLine([join(folder, 'agent.mjs')]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function measureLanguage(language: Language, folder: string): void {
  const { name, run } = language;
  const warm = run.function?.('echo');
  if (warm !== undefined) {
    const rate = several(() => measured({ run: warm, folder, tasks: calls, slots: 0 }));
    const atLeast = warmAims[name];
    add(
      name,
      'warm calls/s',
      rate,
      atLeast === undefined ? undefined : { figure: 'tasks_per_s', atLeast },
    );
  }
  for (const way of ['program', 'binary'] as const) measurePrograms(language, way, folder);
}

function measurePrograms({ name, run }: Language, way: Way, folder: string): void {
  const program = run[way]?.('echo');
  if (program === undefined) return;
  const argv = argvOf(program);
  const order = { run: program, folder, tasks: programs, slots: 4 } as const;
  const rate = several(() => measured(order));
  const bare = bareSpawnRate(repeats, programs, 4, argv, folder);
  const note = `${(rate / bare).toFixed(2)} of a bare loop's ${Math.round(bare)}/s`;
  add(name, `${way} starts/s`, rate, { figure: 'ratio', atLeast: spawnRatioMin }, note);
}

function argvOf(run: Run): readonly string[] {
  if (run.kind === 'command') return run.argv;
  if (run.kind !== 'script') throw new Error(`${run.kind} is no program`);
  const flags = run.path.endsWith('.jar') ? ['-jar'] : [];
  return [interpreters[run.language] ?? run.language, ...flags, run.path, ...(run.args ?? [])];
}

const interpreters: Readonly<Record<string, string>> = {
  node: process.execPath,
  python: 'python3',
  shell: 'bash',
};

for (const language of [node, python, go, rust, c, cpp, java, bash, perl, ruby, php]) {
  if (wanted.length > 0 && !wanted.includes(language.name)) continue;
  const missing = language.missing();
  if (missing !== undefined) {
    console.error(`${language.name} skipped: ${missing}`);
    continue;
  }
  const folder = mkdtempSync(join(tmpdir(), `fanfold-bench-${language.name}-`));
  try {
    language.build(folder, true);
    measureLanguage(language, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
for (const [name, ms] of Object.entries(msWithDependencies())) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const note = 'from submit to end, beyond the bare program';
  rows.push({
    language: name,
    what: 'ms with dependencies',
    figure: ms,
    ...judged({ figure: 'p50_ms', under: dependenciesMsMax }, ms),
    note,
  });
}
const agent = await agentMb();
add('', "agent's own MB", agent, { figure: 'rss_mb', under: agentMbMax });

const machine = describeMachine();
const heads = ['language', 'what', 'figure', 'note', 'aim', 'met'] as const;
const lines = rows.map((row) =>
  heads.map((head) => (head === 'figure' ? figure(Number(row[head])) : String(row[head] ?? ''))),
);
console.log(`\n${machineText(machine)}\n\n${table([...heads.slice(0, 5), 'outcome'], lines)}\n`);
if (options.json !== undefined)
  writeFileSync(options.json, `${JSON.stringify({ bench: 'runners', machine, rows }, null, 2)}\n`);
