import type { StoredOutput } from '../contract/happening.ts';
import type { Json } from '../contract/json.ts';
import { Problem } from '../contract/problem.ts';
import type { Blobs } from '../ports/blobs.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A value in place when its JSON is small, else as a blob. */
export async function storeValue(
  blobs: Blobs,
  value: Json,
  inlineBytes: number,
): Promise<StoredOutput> {
  const text = JSON.stringify(value);
  if (text.length <= inlineBytes / 4) return { value };
  const bytes = encoder.encode(text);
  if (bytes.length <= inlineBytes) return { value };
  return { blob: await blobs.put(bytes), size: bytes.length };
}

export async function readStored(blobs: Blobs, stored: StoredOutput): Promise<Json> {
  if ('value' in stored) return stored.value;
  const bytes = await blobs.get(stored.blob);
  if (bytes === undefined) throw new Problem('data-damaged', `blob ${stored.blob} is missing`);
  return JSON.parse(decoder.decode(bytes)) as Json;
}
