import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

const pauseMsMin = 5;
const pauseMsMax = 200;

/**
 * Holds a file for this process, alone on this machine, until it is released or the process is gone, however it ends: the
 * lock is the kernel's, so nobody waits for the dead. Waits for whoever holds it, until the signal is aborted.
 */
export async function lockOnMachine(file: string, signal: AbortSignal): Promise<() => void> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  for (let pauseMs = pauseMsMin; ; pauseMs = Math.min(pauseMsMax, pauseMs * 2)) {
    signal.throwIfAborted();
    const release = tryLock(file);
    if (release !== undefined) return release;
    await sleep(pauseMs, undefined, { signal });
  }
}

const SQLITE_BUSY = 5;

function tryLock(file: string): (() => void) | undefined {
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    lock.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE');
    return () => lock.close();
  } catch (error) {
    lock.close();
    const { errcode } = error as { readonly errcode?: number };
    if (errcode !== undefined && (errcode & 0xff) === SQLITE_BUSY) return undefined;
    throw error;
  }
}
