import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Problem } from '../contract/problem.ts';

/** Where tasks work. Task users must be able to go there, and nowhere in the data folder. */
export function workFolderOf(dataFolder: string, users: boolean): string {
  const hash = createHash('sha256').update(dataFolder).digest('hex').slice(0, 16);
  const folder = users ? join(tmpdir(), `fanfold-work-${hash}`) : join(dataFolder, 'work');
  mkdirSync(folder, { recursive: true, ...(users && { mode: 0o711 }) });
  if (!users) return folder;
  chmodSync(dataFolder, 0o700);
  if (lstatSync(folder).uid === process.getuid?.() && lstatSync(folder).isDirectory())
    return folder;
  throw new Problem('not-allowed', `${folder} is somebody else's, and no place to work in`);
}
