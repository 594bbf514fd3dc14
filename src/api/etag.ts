/** Answers to reads carry a tag of what they say, so that who asks again is told that nothing changed. */
import { createHash } from 'node:crypto';

const isTold = (tag: string, header: string): boolean =>
  header
    .split(',')
    .map((part) => part.trim().replace(/^W\//, ''))
    .some((part) => part === tag || part === '*');

/** Of whole answers in JSON; streams, and what is no JSON, stay as they are. */
export async function tagged(request: Request, answer: Response): Promise<Response> {
  const isWhole = answer.headers.get('content-type') === 'application/json';
  if (request.method !== 'GET' || answer.status !== 200 || !isWhole) return answer;
  const bytes = await answer.arrayBuffer();
  const hash = createHash('sha256').update(new Uint8Array(bytes)).digest('base64url');
  const tag = `"${hash.slice(0, 22)}"`;
  const headers = new Headers(answer.headers);
  headers.set('etag', tag);
  const known = request.headers.get('if-none-match');
  if (known === null || !isTold(tag, known)) return new Response(bytes, { headers });
  headers.delete('content-type');
  return new Response(null, { status: 304, headers });
}
