/** Names below `localhost` are this machine (RFC 6761), which not every system's resolver knows. */
import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';

export const isBelowLocalhost = (url: string): boolean =>
  new URL(url).hostname.endsWith('.localhost');

/** `fetch` for such names, over HTTP: as an AWS on this machine gives them to its APIs. */
export const localFetch: typeof fetch = async (input, init) => {
  const asked = new Request(input, init);
  const { pathname, search, host, port } = new URL(asked.url);
  const body = Buffer.from(await asked.arrayBuffer());
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const headers = { ...Object.fromEntries(asked.headers), host, 'content-length': body.length };
  const options = { hostname: '127.0.0.1', port, path: pathname + search, headers };
  request({ ...options, method: asked.method }, (answer) => {
    const status = answer.statusCode ?? 0;
    const told = new Headers(
      Object.entries(answer.headersDistinct).map(([name, values = []]) => [
        name,
        values.join(', '),
      ]),
    );
    buffer(answer).then(
      (bytes) =>
        resolve(new Response(bytes.length === 0 ? null : bytes, { status, headers: told })),
      reject,
    );
  })
    .on('error', reject)
    .end(body);
  return promise;
};
