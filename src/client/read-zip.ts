import { openPromise } from 'yauzl';
import { type ArchivedFile, type ArchiveLimits, checkSize } from '../contract/archive.ts';
import { Problem } from '../contract/problem.ts';

/** What Unix says of a file: its type and its rights, in the upper half of the attributes. */
const fileTypes = { mask: 0o170000, link: 0o120000, folder: 0o040000, file: 0o100000 } as const;

/**
 * The files of a zip. Throws `Problem` `code-invalid` for what is none, is too much, or would lie outside of its folder; of
 * a file no more is read than it said it would be.
 */
export async function readZip(path: string, limits: ArchiveLimits): Promise<ArchivedFile[]> {
  const files: ArchivedFile[] = [];
  const names = new Set<string>();
  let bytes = 0;
  try {
    const zip = await openPromise(path);
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileName;
      const mode = entry.externalFileAttributes >>> 16;
      if (name.endsWith('/')) continue;
      const type = mode & fileTypes.mask;
      if (type !== 0 && type !== fileTypes.file)
        throw invalid(path, `holds ${JSON.stringify(name)}, which is a link or a device`);
      if (names.has(name)) throw invalid(path, `holds ${JSON.stringify(name)} twice`);
      names.add(name);
      bytes += entry.uncompressedSize;
      checkSize(names.size, bytes, limits);
      const content = await contentOf(await zip.openReadStreamPromise(entry));
      files.push({ path: name, bytes: content, executable: (mode & 0o100) !== 0 });
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw invalid(path, `cannot be read: ${(error as Error).message}`);
  }
  if (files.length === 0) throw invalid(path, 'holds no file');
  return files;
}

const invalid = (path: string, what: string): Problem =>
  new Problem('code-invalid', `${path} ${what}`);

async function contentOf(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
