import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Tells other processes where this data folder's server is. Returns how to take that back. */
export function announceServer(dataFolder: string, url: string): () => void {
  const file = join(dataFolder, 'server.json');
  const text = JSON.stringify({ url, pid: process.pid });
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
  return () => {
    try {
      if (readFileSync(file, 'utf8') === text) rmSync(file);
    } catch {
      // It is gone already.
    }
  };
}
