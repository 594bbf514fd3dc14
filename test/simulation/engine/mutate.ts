/* biome-ignore-all lint/suspicious/noConsole: a command that prints its findings */
import { fork, spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Mutant, mutants, rare } from '../mutants.ts';
import type { RangeResult } from './batches.ts';

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const SEEDS = 1_000;
/** Of a bug that one mode has caught, the other is asked for this many, to tell whether repair hides it. */
const SEEDS_WHEN_CAUGHT = 100;
const modes = ['cloud off', 'cloud on', 'cloud off aimed', 'cloud on aimed'] as const;

export interface Kill {
  /** The first seed that shows it. */
  readonly seed: number;
  readonly promise: string;
}

interface Verdict {
  readonly name: string;
  readonly kills: Readonly<Record<(typeof modes)[number], Kill | undefined>>;
}

/** Plays every mutant until the first broken promise, and prints the table. 1 when one survives or does not fit. */
export async function playMutants(
  jobs: number,
  only: ReadonlySet<string> | undefined,
  file: string | undefined,
): Promise<number> {
  const all = mutants.filter(({ name }) => only?.has(name) ?? true);
  const chosen = all.filter(({ name }) => !rare.has(name));
  const directed = all.filter(({ name }) => rare.has(name));
  const unfit = all.filter((mutant) => fits(mutant) !== 1);
  for (const mutant of unfit) console.log(`${mutant.name}: its patch fits ${fits(mutant)} times`);
  const work = chosen.filter((mutant) => fits(mutant) === 1);
  const verdicts: Verdict[] = [];
  console.log(`${'mutant'.padEnd(34)} ${modes.map((mode) => mode.padEnd(22)).join(' ')}`);
  const one = async (): Promise<void> => {
    for (let mutant = work.shift(); mutant; mutant = work.shift()) {
      const verdict = await judge(mutant);
      verdicts.push(verdict);
      console.log(lineOf(verdict));
    }
  };
  await Promise.all(Array.from({ length: jobs }, one));
  const survivors = verdicts.filter(({ kills }) => modes.every((mode) => !isCaught(kills[mode])));
  console.log(`\n${verdicts.length} mutants, ${survivors.length} survive within ${SEEDS} seeds`);
  for (const { name } of survivors) console.log(`  survives: ${name}`);
  const missed = await playDirected(directed);
  if (file) writeFileSync(file, JSON.stringify(verdicts, null, 2));
  return unfit.length + survivors.length + missed > 0 ? 1 : 0;
}

/** Plays the directed test of each, and returns how many of them do not see the bug. */
async function playDirected(directed: readonly Mutant[]): Promise<number> {
  let missed = 0;
  const sound = new Map<string, boolean>();
  for (const mutant of directed) {
    const test = rare.get(mutant.name) as string;
    const play = (one: Mutant) => inMutant(one, (folder) => fails(folder, test));
    const passes = sound.get(test) ?? !(await play({ name: 'none', patches: [] }));
    sound.set(test, passes);
    const caught = passes && (await play(mutant));
    if (!caught) missed++;
    console.log(`${mutant.name.padEnd(34)} ${caught ? 'caught by' : 'NOT CAUGHT by'} ${test}`);
  }
  return missed;
}

function fails(folder: string, test: string): Promise<boolean> {
  for (const part of ['test', 'runtime-images', 'tools', 'jest.config.json', 'tsconfig.json'])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  const child = spawn('node', [join('tools', 'test.mjs'), test], { cwd: folder, stdio: 'ignore' });
  return new Promise((resolve) => child.on('exit', (code) => resolve(code !== 0)));
}

/** That its process dies at the first seed says nothing of the simulator: such a patch is no bug, but no program. */
const isCaught = (kill: Kill | undefined): boolean =>
  kill !== undefined && !(kill.promise === 'crash' && kill.seed === 1);

const lineOf = ({ name, kills }: Verdict): string => {
  const cells = modes.map((mode) => {
    const kill = kills[mode];
    return (kill ? `seed ${kill.seed}: ${kill.promise}` : '-').padEnd(22);
  });
  return `${name.padEnd(34)} ${cells.join(' ')}`;
};

/** How often a mutant's patches fit: once, all of them, if they do. */
export function fits({ patches }: Mutant): number {
  const times = patches.map(
    ({ file, find }) => readFileSync(join(root, file), 'utf8').split(find).length - 1,
  );
  return times.find((count) => count !== 1) ?? 1;
}

async function judge(mutant: Mutant): Promise<Verdict> {
  return inMutant(mutant, async (folder) => {
    const kills: { -readonly [mode in keyof Verdict['kills']]?: Kill | undefined } = {};
    for (const mode of modes) {
      const caught = Object.values(kills).some(isCaught);
      kills[mode] = await firstKill(folder, mode, caught ? SEEDS_WHEN_CAUGHT : SEEDS);
    }
    return { name: mutant.name, kills: kills as Verdict['kills'] };
  });
}

/** Does something with a copy of the project that has the bug. */
export async function inMutant<T>(
  mutant: Mutant,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'fanfold-mutant-'));
  try {
    build(folder, mutant);
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function build(folder: string, { patches }: Mutant): void {
  mkdirSync(join(folder, 'test'));
  cpSync(join(root, 'src'), join(folder, 'src'), { recursive: true });
  cpSync(join(root, 'test', 'simulation'), join(folder, 'test', 'simulation'), { recursive: true });
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const { file, find, replace } of patches) {
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8').replace(find, () => replace);
    writeFileSync(path, text);
  }
}

/** In a process of its own, as a mutant may do anything; one that dies, or is stuck, is found out, too. */
export function firstKill(
  folder: string,
  mode: string,
  seeds: number,
  from = 1,
): Promise<Kill | undefined> {
  return new Promise((resolve) => {
    const main = join(folder, 'test', 'simulation', 'main.ts');
    const child = fork(main, ['--part', 'worker'], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    let seed = from;
    const end = (kill: Kill | undefined): void => {
      clearTimeout(timer);
      child.removeAllListeners();
      child.kill('SIGKILL');
      resolve(kill);
    };
    let timer: NodeJS.Timeout | undefined;
    const next = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => end({ seed, promise: 'stuck' }), STUCK_MS);
      const left = from + seeds - seed;
      if (left <= 0) end(undefined);
      else child.send({ mode, from: seed, seeds: Math.min(STEP, left) });
    };
    child.on('message', (result: RangeResult) => {
      const [found] = result.violations;
      if (found) end({ seed: found.seed, promise: found.promise });
      else {
        seed += STEP;
        next();
      }
    });
    child.on('exit', () => end({ seed, promise: 'crash' }));
    next();
  });
}

const STEP = 50;
const STUCK_MS = 300_000;
