import { createHash } from 'node:crypto';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';

import { writeArchive } from '../../src/contract/archive.ts';

/** Blobs with counted reads. */
export function shelf() {
  const stored = new Map<string, Uint8Array>();
  let reads = 0;
  return {
    reads: () => reads,
    put(bytes: Uint8Array) {
      const blob = createHash('sha256').update(bytes).digest('hex');
      stored.set(blob, bytes);
      return { blob, size: bytes.length };
    },
    async get(hash: string) {
      reads++;
      return stored.get(hash);
    },
  };
}

/** An archive of code; what ends in `.sh` can be executed. */
export const pack = (files: Readonly<Record<string, string | Uint8Array>>): Uint8Array =>
  gzipSync(
    Buffer.concat(
      writeArchive(
        Object.entries(files).map(([path, content]) => ({
          path,
          bytes: typeof content === 'string' ? Buffer.from(content) : content,
          executable: path.endsWith('.sh'),
        })),
      ),
    ),
  );

/** A wheel of a package `<name>` with one module, which has `VALUE`. */
export function wheel(name: string, version: string, value: string): Uint8Array {
  const info = `${name}-${version}.dist-info`;
  return zip({
    [`${name}.py`]: `VALUE = ${JSON.stringify(value)}\n`,
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
    [`${info}/WHEEL`]:
      'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${info}/RECORD`]: `${name}.py,,\n${info}/METADATA,,\n${info}/WHEEL,,\n${info}/RECORD,,\n`,
  });
}

export interface Zipped {
  readonly text: string | Uint8Array;
  /** As Unix has it, with the file's type. */
  readonly mode?: number;
  /** Else it is stored as it is. */
  readonly deflated?: true;
  /** What the directory says of its size, if that is a lie. */
  readonly claimed?: number;
}

/** A zip. */
export function zip(files: Readonly<Record<string, string | Zipped>>): Buffer {
  const parts: Buffer[] = [];
  const listed: Buffer[] = [];
  let at = 0;
  for (const [path, given] of Object.entries(files)) {
    const {
      text,
      mode = 0o100644,
      claimed,
      deflated,
    } = typeof given === 'string' ? { text: given } : given;
    const whole = Buffer.from(text);
    const bytes = deflated ? deflateRawSync(whole) : whole;
    const name = Buffer.from(path);
    const size = claimed ?? whole.length;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(deflated ? 8 : 0, 4);
    common.writeUInt32LE(crc32(whole), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE(size, 18);
    common.writeUInt16LE(name.length, 22);
    const entry = Buffer.concat([Buffer.from('PK\x03\x04'), common, name, bytes]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((mode << 16) >>> 0, 6);
    tail.writeUInt32LE(at, 10);
    const made = Buffer.from([20, 3]);
    listed.push(Buffer.concat([Buffer.from('PK\x01\x02'), made, common, tail, name]));
    parts.push(entry);
    at += entry.length;
  }
  const directory = Buffer.concat(listed);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(listed.length, 4);
  end.writeUInt16LE(listed.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...parts, directory, Buffer.from('PK\x05\x06'), end]);
}
