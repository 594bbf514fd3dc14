import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { announceToken } from '../client/server-token.ts';

/** Tells other processes where this data folder's server is. Returns how to take that back. */
export function announceServer(dataFolder: string, url: string, token: string): () => void {
  const unannounce = announceToken(url, token);
  const file = join(dataFolder, 'server.json');
  const text = JSON.stringify({ url, pid: process.pid });
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
  return () => {
    unannounce();
    try {
      if (readFileSync(file, 'utf8') === text) rmSync(file);
    } catch {
      // It is gone already.
    }
  };
}

/** Whoever can read the data folder may do everything on its server. Remove the file to have another token. */
export function ownerToken(dataFolder: string): string {
  const file = join(dataFolder, 'token');
  try {
    writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}
