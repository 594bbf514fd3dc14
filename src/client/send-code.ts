/** Sends an archive of code, once: it is known by its hash. */
import type { CodeOffer } from '../contract/api.ts';
import { Problem } from '../contract/problem.ts';
import type { CodeArchive } from '../contract/workflow.ts';
import { callHttp, type HttpOptions, passing, pause } from './http.ts';

export async function sendCode(options: HttpOptions, bytes: Uint8Array): Promise<CodeArchive> {
  const archive = { blob: await hashOf(bytes), size: bytes.length };
  const ask = { method: 'POST', path: '/v1/code', body: archive, repeatable: true } as const;
  const { there, upload } = (await callHttp(options, ask)).body as CodeOffer;
  if (there) return archive;
  if (upload !== undefined) await put(fetch, upload.url, upload.headers, bytes, options);
  else {
    const url = new URL(`/v1/code/${archive.blob}`, options.url).href;
    await put(options.fetch ?? fetch, url, options.headers ?? {}, bytes, options);
  }
  return archive;
}

async function hashOf(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const triesMax = 4;
const pauseMs = 300;

async function put(
  send: typeof fetch,
  url: string,
  headers: Readonly<Record<string, string>>,
  bytes: Uint8Array,
  { sleep = pause }: HttpOptions,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    const refusal = await putOnce(send, url, headers, bytes);
    if (refusal === undefined) return;
    if (tries >= triesMax || !refusal.mayPass)
      throw new Problem('unavailable', `the code could not be sent (${refusal.why})`);
    await sleep(pauseMs * 2 ** (tries - 1));
  }
}

async function putOnce(
  send: typeof fetch,
  url: string,
  headers: Readonly<Record<string, string>>,
  bytes: Uint8Array,
): Promise<{ readonly why: string; readonly mayPass: boolean } | undefined> {
  try {
    const answer = await send(url, { method: 'PUT', headers, body: Uint8Array.from(bytes) });
    if (answer.ok) return void (await answer.arrayBuffer());
    const said = (await answer.text()).slice(0, 300).replaceAll(/\s+/g, ' ');
    const mayPass = answer.status === 500 || passing.has(answer.status);
    return { why: `${answer.status} ${said}`, mayPass };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error), mayPass: true };
  }
}
