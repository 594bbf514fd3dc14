/**
 * Servers of this user on this machine, by port, with the token of each: in a folder that nobody else may read, so that
 * whoever can read it may call them.
 */
import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { isOwnMachine } from './own-machine.ts';

const folder = (): string => join(tmpdir(), `fanfold-${userInfo().uid}`);
const fileOf = (port: string): string => join(folder(), `${port}.json`);

/** In a place that all users share, somebody else may have made it. */
function isOurs(): boolean {
  try {
    const { uid, mode } = lstatSync(folder());
    return lstatSync(folder()).isDirectory() && uid === userInfo().uid && (mode & 0o077) === 0;
  } catch {
    return false;
  }
}

/** Returns how to take it back. Where it cannot be told, callers name the token themselves. */
export function announceToken(url: string, token: string): () => void {
  const file = fileOf(new URL(url).port);
  const text = JSON.stringify({ pid: process.pid, token });
  try {
    mkdirSync(folder(), { mode: 0o700, recursive: true });
    if (!isOurs()) return () => undefined;
    writeFileSync(`${file}.${process.pid}`, text, { mode: 0o600 });
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    return () => undefined;
  }
  return () => {
    try {
      if (readFileSync(file, 'utf8') === text) rmSync(file);
    } catch {
      // It is gone already.
    }
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Of the server of this user that listens there; undefined when there is none. */
export function findToken(url: string): string | undefined {
  if (!isOwnMachine(url) || !isOurs()) return undefined;
  try {
    const { pid, token } = JSON.parse(readFileSync(fileOf(new URL(url).port), 'utf8'));
    return isAlive(pid) && typeof token === 'string' ? token : undefined;
  } catch {
    return undefined;
  }
}

/** What a call to a server of one's own brings with it. */
export function ownHeaders(url: string): { readonly authorization?: string } {
  const token = findToken(url);
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}
