import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artifact, ArtifactLimits, StoredArtifacts } from '../contract/artifacts.ts';
import type { Json } from '../contract/json.ts';
import { storeValue } from '../engine/blobs.ts';
import type { Blobs } from '../ports/blobs.ts';
import type { Clock } from '../ports/clock.ts';
import { insist } from './insist.ts';

/** Why what an attempt left, or was to be given, makes it fail. */
export class ArtifactRefusal extends Error {}

interface LeftFile {
  readonly path: string;
  readonly size: number;
  readonly executable: boolean;
}

/** Longer lists are blobs of their own: a report, and what is sent to those who need it, stay small. */
const listInlineBytes = 1024;
/** How many files are stored at a time. */
const together = 4;

/** Stores the files in a folder; undefined when there are none. Throws `ArtifactRefusal` for what cannot be kept. */
export async function storeLeftFiles(
  ports: { readonly blobs: Pick<Blobs, 'put' | 'get' | 'putFile'>; readonly clock: Clock },
  folder: string,
  limits: ArtifactLimits,
): Promise<StoredArtifacts | undefined> {
  const files = await leftFiles(folder, limits);
  if (files.length === 0) return undefined;
  const list: Artifact[] = [];
  for (let at = 0; at < files.length; at += together)
    list.push(...(await Promise.all(files.slice(at, at + together).map(stored))));
  const blobs = ports.blobs as Blobs;
  return {
    count: files.length,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    list: (await insist(ports, () =>
      storeValue(blobs, list as unknown as Json, listInlineBytes),
    )) as StoredArtifacts['list'],
  };

  async function stored({ path, size, executable }: LeftFile): Promise<Artifact> {
    const blob = await insist(ports, () => ports.blobs.putFile(join(folder, path)));
    return { path, blob, size, ...(executable && { executable }) };
  }
}

/** Sorted, so that the same files are the same list. */
async function leftFiles(folder: string, limits: ArtifactLimits): Promise<readonly LeftFile[]> {
  const files: LeftFile[] = [];
  let bytes = 0;
  const look = async (below: string): Promise<void> => {
    for (const name of await readdir(join(folder, below))) {
      const path = below === '' ? name : `${below}/${name}`;
      const { mode, size, isFolder } = await kindOf(folder, path);
      if (isFolder) await look(path);
      else files.push({ path, size, executable: (mode & 0o100) !== 0 });
      if (isFolder) continue;
      bytes += size;
      refuseBeyond(limits, path, { files: files.length, size, bytes });
    }
  };
  await look('');
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function kindOf(folder: string, path: string) {
  if (path.includes('\ufffd'))
    throw new ArtifactRefusal(`artifact ${JSON.stringify(path)}: its name is not UTF-8`);
  const found = await lstat(join(folder, path));
  if (found.isSymbolicLink())
    throw new ArtifactRefusal(
      `artifact ${path} is a symbolic link; leave the file itself in $TASK_ARTIFACTS`,
    );
  if (!found.isFile() && !found.isDirectory())
    throw new ArtifactRefusal(`artifact ${path} is no file but a pipe, a socket or a device`);
  return { mode: found.mode, size: found.size, isFolder: found.isDirectory() };
}

function refuseBeyond(
  limits: ArtifactLimits,
  path: string,
  found: { readonly files: number; readonly size: number; readonly bytes: number },
): void {
  if (found.files > limits.files)
    throw new ArtifactRefusal(
      `it left more than ${limits.files} artifacts; pack small files into an archive`,
    );
  if (found.size > limits.fileBytes)
    throw new ArtifactRefusal(
      `artifact ${path} has ${found.size} bytes; at most ${limits.fileBytes} are kept of a file`,
    );
  if (found.bytes > limits.bytes)
    throw new ArtifactRefusal(
      `its artifacts have more than ${limits.bytes} bytes together, at ${path}`,
    );
}
