/** A folder of code as an archive, as runners that see no folder of ours want it. */
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, matchesGlob, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import {
  type ArchivedFile,
  archiveLimits,
  checkSize,
  megabytes,
  writeArchive,
} from '../contract/archive.ts';
import { Problem } from '../contract/problem.ts';

const zip = promisify(gzip);

export const ignoreFile = '.fanfoldignore';
/** What is never code of a task, or is made anew where it runs. Names that begin with a dot stay at home too. */
const leftOut: ReadonlySet<string> = new Set(['node_modules', '__pycache__']);

/**
 * All files of a folder in one archive, the same bytes for the same files. Left out are names that begin with a dot,
 * `node_modules`, `__pycache__`, and what the lines of `.fanfoldignore` name: paths or names, with `*` for any part.
 */
export async function archiveFolder(folder: string): Promise<Uint8Array> {
  const files: ArchivedFile[] = [];
  const root = await realpath(folder);
  const isIgnored = ignoring(await ignoredIn(root));
  let bytes = 0;
  for await (const found of filesIn(root, root, isIgnored)) {
    const file = await archived(found, archiveLimits.bytes - bytes);
    bytes += file.bytes.length;
    files.push(file);
    checkSize(files.length, bytes, archiveLimits);
  }
  return packed(files);
}

/** An archive of these files, in gzip form. */
export async function packed(files: readonly ArchivedFile[]): Promise<Uint8Array> {
  const bytes = await zip(Buffer.concat(writeArchive(files)));
  const { packedBytes } = archiveLimits;
  if (bytes.length > packedBytes)
    throw new Problem(
      'code-invalid',
      `the code's archive is larger than ${megabytes(packedBytes)}`,
    );
  return bytes;
}

/** What is larger than there is room for is not read. */
async function archived({ path, name }: Found, room: number): Promise<ArchivedFile> {
  try {
    const { size, mode } = await stat(path);
    if (size > room) checkSize(0, archiveLimits.bytes + 1, archiveLimits);
    return { path: name, bytes: await readFile(path), executable: (mode & 0o100) !== 0 };
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem('file-unreadable', `${path} cannot be read: ${(error as Error).message}`);
  }
}

async function ignoredIn(root: string): Promise<readonly string[]> {
  const text = await readFile(join(root, ignoreFile), 'utf8').catch(() => '');
  return text
    .split('\n')
    .map((line) => line.trim().replace(/^\/|\/$/g, ''))
    .filter((line) => line !== '' && !line.startsWith('#'));
}

type IsIgnored = (name: string, path: string) => boolean;

const ignoring =
  (patterns: readonly string[]): IsIgnored =>
  (name, path) =>
    name.startsWith('.') ||
    leftOut.has(name) ||
    patterns.some((one) => matchesGlob(one.includes('/') ? path : name, one));

interface Found {
  readonly path: string;
  /** Within the folder, with `/`. */
  readonly name: string;
}

async function* filesIn(root: string, folder: string, ignored: IsIgnored): AsyncGenerator<Found> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const name = relative(root, path).split(sep).join('/');
    if (ignored(entry.name, name)) continue;
    if (entry.isDirectory()) yield* filesIn(root, path, ignored);
    else if (entry.isFile()) yield { path, name };
    else if (entry.isSymbolicLink()) yield { path: await fileBehind(root, path, name), name };
    // Pipes, sockets and devices hold nothing that could travel.
  }
}

/** A link travels as the file that it leads to, if that is code as well. */
async function fileBehind(root: string, path: string, name: string): Promise<string> {
  const target = await realpath(path).catch(() => undefined);
  const inside = target?.startsWith(root + sep) === true;
  if (target !== undefined && inside && (await stat(target)).isFile()) return target;
  throw new Problem(
    'code-invalid',
    `${name} is a link ${inside ? 'to no file' : 'that leads out of its folder'}; name it in ${ignoreFile}, or put a file there`,
  );
}
