import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ExecutionSpec } from '../contract/execution.ts';

/** Where the code of an attempt lies on this machine; undefined when it has none. */
export const folderOf = ({ code }: ExecutionSpec): string | undefined =>
  code !== undefined && 'folder' in code ? code.folder : undefined;

interface File {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly executable: boolean;
}

const readOnlyFolder = 0o555;
const ownFolder = 0o700;

/** Lays files in a new folder that can only be read, since many attempts share it. */
export async function layOut(folder: string, files: readonly File[]): Promise<void> {
  const folders = new Set<string>([folder]);
  for (const { path } of files)
    for (let at = dirname(path); at !== '.'; at = dirname(at)) folders.add(join(folder, at));
  const sorted = [...folders].sort();
  for (const one of sorted) await mkdir(one);
  for (const { path, bytes, executable } of files)
    await writeFile(join(folder, path), bytes, { mode: executable ? 0o555 : 0o444, flag: 'wx' });
  for (const one of sorted.reverse()) await chmod(one, readOnlyFolder);
}

/** Removes a folder also where its own folders can only be read. */
export async function removeLaidOut(folder: string): Promise<void> {
  await openUp(folder);
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

async function openUp(folder: string): Promise<void> {
  try {
    await chmod(folder, ownFolder);
    const entries = await readdir(folder, { withFileTypes: true });
    for (const entry of entries) if (entry.isDirectory()) await openUp(join(folder, entry.name));
  } catch {
    // Gone already, or nothing of ours: removing it will say so.
  }
}
