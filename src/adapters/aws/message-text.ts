import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { JsonObject } from '../../contract/json.ts';
import type { Blobs } from '../../ports/blobs.ts';
import { Unavailable } from '../../ports/table.ts';

/** SQS bills 64 KB at a time, and sends in tens: beyond this a body is worth packing. */
const packBytesMin = 4 * 1024;
/** Beyond it a body lies in a blob: four times 64 KB, sent and received, cost what a blob costs. */
export const messageBytesMax = 256 * 1024;

const packed = 'z';
const referred = '@';

/** The two characters that JSON leaves as they are and SQS does not take; they only stand within strings. */
const refused = /[\ufffe\uffff]/g;
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16)}`;

/**
 * A body as SQS takes it: JSON; or, after a letter that no JSON begins with, the same packed, or the hash of the blob
 * that holds it.
 */
export async function toText(body: JsonObject, blobs: Pick<Blobs, 'put'>): Promise<string> {
  const json = JSON.stringify(body).replace(refused, escaped);
  if (json.length < packBytesMin) return json;
  const bytes = Buffer.from(json);
  const short = packed + deflateRawSync(bytes).toString('base64');
  const text = short.length < bytes.length ? short : json;
  if (Math.min(short.length, bytes.length) <= messageBytesMax) return text;
  return referred + (await blobs.put(bytes));
}

export async function fromText(text: string, blobs: Pick<Blobs, 'get'>): Promise<JsonObject> {
  if (text.startsWith(packed))
    return parsed(inflateRawSync(Buffer.from(text.slice(1), 'base64')).toString());
  if (!text.startsWith(referred)) return parsed(text);
  const bytes = await blobs.get(text.slice(1));
  if (bytes === undefined) throw new Unavailable(`a message's body is not there: ${text}`);
  return parsed(Buffer.from(bytes).toString());
}

const parsed = (text: string): JsonObject => JSON.parse(text) as JsonObject;
