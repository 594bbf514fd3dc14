/** Bodies of requests: read up to a limit, parsed once. */
import { isUtf8 } from 'node:buffer';
import type { Json } from '../contract/json.ts';
import { Problem } from '../contract/problem.ts';
import { HttpRefusal } from './problem-response.ts';

/** Deeper values than this are refused, since what walks them recursively may run out of stack. */
export const DEPTH_MAX = 128;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const tooLarge = (bytesMax: number): Problem =>
  new Problem(
    'body-too-large',
    `the body is larger than ${bytesMax} bytes; split the call, or keep large values in files`,
  );

/** Reads the whole body; stops reading at the limit, whatever length was announced. */
export async function readBytes(request: Request, bytesMax: number): Promise<Uint8Array> {
  const announced = Number(request.headers.get('content-length') ?? Number.NaN);
  if (announced > bytesMax) throw tooLarge(bytesMax);
  if (!Number.isNaN(announced)) return checked(new Uint8Array(await bufferOf(request)), bytesMax);
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body) {
    length += chunk.byteLength;
    if (length > bytesMax) throw tooLarge(bytesMax);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

async function bufferOf(request: Request): Promise<ArrayBuffer> {
  try {
    return await request.arrayBuffer();
  } catch {
    throw new Problem('body-invalid', 'the body ended before its announced length');
  }
}

function checked(bytes: Uint8Array, bytesMax: number): Uint8Array {
  if (bytes.byteLength > bytesMax) throw tooLarge(bytesMax);
  return bytes;
}

/** What a byte does to the depth: opening brackets 1, closing ones -1. */
const steps = new Int8Array(256);
for (const bracket of '[{') steps[bracket.charCodeAt(0)] = 1;
for (const bracket of ']}') steps[bracket.charCodeAt(0)] = -1;

/** The index of the quote that ends the string which begins before `from`. */
function endOfString(bytes: Uint8Array, from: number): number {
  let i = from;
  while (i < bytes.length && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
  return i;
}

/** Whether brackets nest deeper than `DEPTH_MAX`, seen without parsing. */
export function isTooDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === QUOTE) i = endOfString(bytes, i + 1);
    else depth += steps[byte] ?? 0;
    if (depth > DEPTH_MAX) return true;
  }
  return false;
}

export function textOf(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new Problem('body-invalid', 'the body is not UTF-8');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

export function parseJson(bytes: Uint8Array): Json {
  const text = textOf(bytes);
  if (isTooDeep(bytes)) {
    throw new Problem('body-invalid', `the body nests deeper than ${DEPTH_MAX} levels`);
  }
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw notJson(text, error);
  }
}

function notJson(text: string, error: unknown): Problem {
  const said = error instanceof Error ? error.message : String(error);
  const position = /at position (\d+)/.exec(said)?.[1];
  const message = said.replace(/ in JSON at position .*$/, '').slice(0, 200);
  if (position === undefined)
    return new Problem('body-invalid', `the body is not JSON: ${message}`);
  const before = text.slice(0, Number(position)).split('\n');
  const place = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  return new Problem(
    'body-invalid',
    `the body is not JSON: line ${place.line}, column ${place.column}: ${message}`,
    [{ ...place, message }],
  );
}

const mediaType = (request: Request): string =>
  (request.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

/** The bytes of a body that says it is JSON; undefined when it is empty and that is allowed. */
export async function readJsonBytes(
  request: Request,
  bytesMax: number,
  allowEmpty: boolean,
): Promise<Uint8Array | undefined> {
  const type = mediaType(request);
  if (type !== '' && type !== 'application/json' && !type.endsWith('+json')) {
    throw new HttpRefusal('content-type-unknown', `content type ${type} is not application/json`);
  }
  const bytes = await readBytes(request, bytesMax);
  if (bytes.byteLength === 0 && allowEmpty) return undefined;
  if (type === '') {
    throw new HttpRefusal(
      'content-type-unknown',
      'the header Content-Type: application/json is missing',
    );
  }
  return bytes;
}
