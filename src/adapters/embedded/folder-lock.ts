import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Problem } from '../../contract/problem.ts';
import { troubleOf } from './database.ts';

/**
 * Holds the folder for this process until it is released or the process is gone, however it ends: the lock is the
 * kernel's. Throws `data-in-use` at once, with the holder's process id, when it is held. The lock file must never be
 * opened by other means: closing it would give up the lock.
 */
export function lockFolder(folder: string): () => void {
  const pidFile = join(folder, 'fanfold.pid');
  const lock = new DatabaseSync(join(folder, 'fanfold.lock'), { timeout: 0 });
  try {
    lock.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (troubleOf(error) === 'busy') throw inUse(folder, pidFile);
    throw error;
  }
  writePid(pidFile);
  return () => {
    rmSync(pidFile, { force: true });
    lock.close();
  };
}

/** The number only helps people to find the holder: a full disk is no reason not to start. */
function writePid(pidFile: string): void {
  try {
    writeFileSync(pidFile, `${process.pid}\n`);
  } catch {
    rmSync(pidFile, { force: true });
  }
}

function inUse(folder: string, pidFile: string): Problem {
  const pid = readPid(pidFile);
  const holder = pid === undefined ? 'another process' : `process ${pid}`;
  return new Problem(
    'data-in-use',
    `${folder} is in use by ${holder}. Stop that first, or give another data folder.`,
    [{ file: folder, message: `held by ${holder}` }],
  );
}

function readPid(pidFile: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
    return Number.isNaN(pid) ? undefined : pid;
  } catch {
    return undefined;
  }
}
