/** Private Python environments with tools in them: each made once, below `.cache`, never anywhere else. */
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');
const windows = process.platform === 'win32';
const python = windows ? 'python' : 'python3';

/** Somebody else makes the environment: for so long he is waited for. */
const waitMsMax = 300_000;
const lookMs = 200;

/** Why no such environment can be had here; undefined when it can. */
export function whyNoPython(): string | undefined {
  const { status } = spawnSync(python, ['-c', 'import ensurepip, venv'], { stdio: 'ignore' });
  return status === 0 ? undefined : `${python} with its module venv is not here`;
}

/** The Python of an environment with what `requirements` lists. `what`: what that is called. */
export async function pythonWith(
  name: string,
  requirements: string,
  what: string,
): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(root, '.cache', `${name}-${hash}`);
  const bin = windows ? join('Scripts', 'python.exe') : join('bin', 'python');
  const end = Date.now() + waitMsMax;
  while (!existsSync(folder)) {
    const make = () => makeWith(folder, requirements, what);
    if (!(await makeAlone(folder, make)) && Date.now() > end)
      throw new Error(`${folder} is still being made by another process`);
  }
  return join(folder, bin);
}

/** False when somebody else is at it. */
async function makeAlone(folder: string, make: () => Promise<void>): Promise<boolean> {
  const lock = `${folder}.lock`;
  mkdirSync(join(root, '.cache'), { recursive: true });
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
  } catch {
    if (!isAlive(lock)) rmSync(lock, { force: true });
    await sleep(lookMs);
    return false;
  }
  try {
    if (!existsSync(folder)) await make();
    return true;
  } finally {
    rmSync(lock, { force: true });
  }
}

function isAlive(lock: string): boolean {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Under its final name it is whole. */
async function makeWith(folder: string, requirements: string, what: string): Promise<void> {
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  await run(python, ['-m', 'venv', unfinished]);
  const own = join(unfinished, windows ? join('Scripts', 'python.exe') : join('bin', 'python'));
  const quiet = ['--quiet', '--no-input', '--disable-pip-version-check', '--no-compile'];
  try {
    await run(own, ['-m', 'pip', 'install', ...quiet, '--no-deps', '-r', requirements]);
  } catch (error) {
    const { stderr = '' } = error as { readonly stderr?: string };
    const why = stderr.trim().split('\n').at(-1) ?? String(error);
    throw new Error(`${what} could not be installed from PyPI: ${why}`, { cause: error });
  }
  renameSync(unfinished, folder);
}
