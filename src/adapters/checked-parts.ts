import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';

/** The same parts; throws what `damaged` makes of their length when, at the end, they do not fit the hash. */
export async function* checkedParts(
  parts: AsyncIterable<Uint8Array>,
  hash: string,
  damaged: (length: number) => Error,
): AsyncGenerator<Uint8Array> {
  const digest = createHash('sha256');
  let length = 0;
  for await (const part of parts) {
    digest.update(part);
    length += part.length;
    yield part;
  }
  if (digest.digest('hex') !== hash) throw damaged(length);
}

const partBytes = 1 << 20;

/** A file in parts. */
export const partsOf = (path: string): AsyncIterable<Uint8Array> =>
  createReadStream(path, { highWaterMark: partBytes });

/** The hash of a file's content and its length. */
export async function hashOfFile(path: string): Promise<{ hash: string; length: number }> {
  const digest = createHash('sha256');
  const buffer = Buffer.allocUnsafe(partBytes);
  const file = await open(path);
  let length = 0;
  try {
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, partBytes);
      if (bytesRead === 0) break;
      digest.update(buffer.subarray(0, bytesRead));
      length += bytesRead;
    }
  } finally {
    await file.close();
  }
  return { hash: digest.digest('hex'), length };
}
