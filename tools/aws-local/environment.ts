/** A private Python environment with the emulator in it: made once, below `.cache`, never anywhere else. */
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const requirements = join(import.meta.dirname, 'requirements.txt');
const windows = process.platform === 'win32';
const python = windows ? 'python' : 'python3';

/** Somebody else makes the environment: for so long he is waited for. */
const waitMsMax = 300_000;
const lookMs = 200;

/** Why the emulator cannot be had here; undefined when it can. */
export function whyNoEmulator(): string | undefined {
  const { status } = spawnSync(python, ['-c', 'import ensurepip, venv'], { stdio: 'ignore' });
  if (status === 0) return undefined;
  return `${python} with its module venv is not here, so nothing can be tried against an AWS on this machine`;
}

/** The environment's own Python. */
export async function emulatorPython(): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(root, '.cache', `aws-local-${hash}`);
  const bin = windows ? join('Scripts', 'python.exe') : join('bin', 'python');
  const end = Date.now() + waitMsMax;
  while (!existsSync(folder)) {
    if (!(await makeAlone(folder)) && Date.now() > end)
      throw new Error(`${folder} is still being made by another process`);
  }
  return join(folder, bin);
}

/** False when somebody else is at it. */
async function makeAlone(folder: string): Promise<boolean> {
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
    if (!existsSync(folder)) await make(folder);
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
async function make(folder: string): Promise<void> {
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
    throw new Error(`the emulator could not be installed from PyPI: ${why}`, { cause: error });
  }
  renameSync(unfinished, folder);
}
