import { Readable, Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { create, extract } from 'tar';
import { megabytes } from '../../contract/archive.ts';
import type { Installed } from '../../engine/installed.ts';
import type { Blobs } from '../../ports/blobs.ts';
import type { SharedInstallations } from './installations.ts';

export interface ShareOptions {
  readonly installed: Installed;
  readonly blobs: Pick<Blobs, 'get' | 'put'>;
  /** Of an archive, compressed: it is held in memory. What is larger each machine installs itself. Default: 64 MB. */
  readonly packedBytesMax?: number;
  /** Hears why something was not shared. */
  readonly onTrouble?: (message: string) => void;
}

const packedBytesMaxUsual = 64 * 1024 * 1024;
/** So much at most is unpacked of one archive. */
const bytesMax = 2 * 1024 ** 3;

/** Installations as archives among the blobs. What does not fit its hash, or cannot be had, is installed here instead. */
export function shareInstallations({
  installed,
  blobs,
  packedBytesMax = packedBytesMaxUsual,
  onTrouble = () => undefined,
}: ShareOptions): SharedInstallations {
  const tell = (what: string, key: string, error: unknown): void =>
    onTrouble(`${key} ${what}: ${error instanceof Error ? error.message : String(error)}`);
  return {
    async fetch(key, folder) {
      try {
        const archive = await installed.find(key);
        const packed = archive && (await blobs.get(archive.blob));
        if (packed === undefined) return false;
        await unpack(packed, folder);
        return true;
      } catch (error) {
        tell('is not taken from another machine', key, error);
        return false;
      }
    },
    async keep(key, folder) {
      try {
        const packed = await pack(folder, packedBytesMax);
        await installed.list(key, { blob: await blobs.put(packed), size: packed.length });
      } catch (error) {
        tell('is not shared with other machines', key, error);
      }
    },
  };
}

async function pack(folder: string, most: number): Promise<Uint8Array> {
  // Times stay: what Python has compiled belongs to a file of a certain age.
  const options = { cwd: folder, gzip: { level: 3 }, portable: true };
  let bytes = 0;
  const counting = new Transform({
    transform(part: Uint8Array, _encoding, done) {
      bytes += part.length;
      done(bytes > most ? new Error(`it is larger than ${megabytes(most)}`) : null, part);
    },
  });
  const [packed] = await Promise.all([
    buffer(counting),
    pipeline(create(options, ['.']), counting),
  ]);
  return packed;
}

async function unpack(packed: Uint8Array, folder: string): Promise<void> {
  let bytes = 0;
  const filter = (_path: string, entry: { readonly size?: number }): boolean => {
    bytes += entry.size ?? 0;
    if (bytes > bytesMax) throw new Error(`it is larger than ${megabytes(bytesMax)}`);
    return true;
  };
  // Strict: links that would lead out of it, or a cut archive, are errors.
  await pipeline(Readable.from([packed]), extract({ cwd: folder, strict: true, filter }));
}
