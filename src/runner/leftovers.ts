import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeLaidOut } from './code-folder.ts';
import { killByToken, startOf } from './launcher-proc.mjs';

const OWNER = 'owner';
const PREFIX = 'x-';

/** Makes an executor's own folder in the work folder, and notes in it whose it is. */
export function claimFolder(workFolder: string, token: string): string {
  const folder = join(workFolder, `${PREFIX}${token}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, OWNER), `${process.pid} ${startOf(process.pid)}\n`);
  return folder;
}

/**
 * Kills what the executors of dead processes have left running, and removes their folders. Leaves those of living
 * processes alone. To be called once, before a server takes up its work.
 */
export async function killLeftovers(workFolder: string): Promise<void> {
  const dead = namesIn(workFolder)
    .filter((name) => name.startsWith(PREFIX) && !isOwned(join(workFolder, name)))
    .map((name) => name.slice(PREFIX.length));
  if (dead.length === 0) return;
  killByToken((token) => dead.includes(token.split('.')[0] ?? ''));
  for (const token of dead) await removeLaidOut(join(workFolder, PREFIX + token));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isOwned(folder: string): boolean {
  try {
    const [pid, start] = readFileSync(join(folder, OWNER), 'utf8').trim().split(' ');
    if (pid === undefined || pid === '') return false;
    if (start === undefined || start === '') return process.kill(Number(pid), 0);
    return startOf(Number(pid)) === start;
  } catch {
    return false;
  }
}
