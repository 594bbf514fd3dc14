/** Code as users have it: a folder, a file, or a zip, as one archive. */
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { type ArchivedFile, archiveLimits, checkSize } from '../contract/archive.ts';
import { Problem } from '../contract/problem.ts';
import { archiveFolder, packed } from './archive-folder.ts';

/** The same files give the same bytes, whether they come as a folder or as a zip. */
export async function archivePath(path: string): Promise<Uint8Array> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such file or folder' : error.message;
    throw new Problem('file-unreadable', `${path}: ${why}`);
  });
  if (found.isDirectory()) return archiveFolder(path);
  if (path.toLowerCase().endsWith('.zip')) {
    const { readZip } = await import('./read-zip.ts');
    return packed(await readZip(path, archiveLimits));
  }
  checkSize(1, found.size, archiveLimits);
  return packed([await fileAt(path, found.mode)]);
}

async function fileAt(path: string, mode: number): Promise<ArchivedFile> {
  return { path: basename(path), bytes: await readFile(path), executable: (mode & 0o100) !== 0 };
}

/** Where the code of a path lies that is used where it is: a folder is one, a file lies in one. */
export async function folderAt(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return path;
  return found?.isFile() && !path.toLowerCase().endsWith('.zip') ? dirname(path) : undefined;
}
