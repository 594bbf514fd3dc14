import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, test } from '@jest/globals';
import { type Invocation, serveLambda } from '../../runtime-images/lambda-runtime.ts';

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
});

/** Lambda's Runtime API: hands out these events, and is gone after the last one is answered. */
async function openApi(events: readonly unknown[]) {
  const answers: unknown[] = [];
  let given = 0;
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString();
    if (request.method === 'POST') {
      answers.push([request.url?.split('/').slice(-2).join('/'), JSON.parse(text)]);
      response.writeHead(202).end();
    } else if (given === events.length) request.socket.destroy();
    else
      response
        .writeHead(200, {
          'lambda-runtime-aws-request-id': `id-${given}`,
          'lambda-runtime-deadline-ms': String(Date.now() + 100_000),
        })
        .end(JSON.stringify(events[given++]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return { api: `127.0.0.1:${(server.address() as AddressInfo).port}`, answers };
}

test('each event is answered, by what came of it or by why nothing did', async () => {
  const { api, answers } = await openApi([{ n: 1 }, { n: 2 }, { n: 3 }]);
  const left: number[] = [];
  const handler = async ({ n }: { n: number }, invocation: Invocation) => {
    left.push(invocation.getRemainingTimeInMillis());
    if (n === 2) throw new TypeError('no two');
    return n === 3 ? undefined : { batchItemFailures: [], of: invocation.awsRequestId };
  };
  await expect(serveLambda(api, handler as never)).rejects.toThrow();
  expect(answers).toEqual([
    ['id-0/response', { batchItemFailures: [], of: 'id-0' }],
    [
      'id-1/error',
      { errorType: 'TypeError', errorMessage: 'no two', stackTrace: expect.anything() },
    ],
    ['id-2/response', null],
  ]);
  expect(left.every((ms) => ms > 50_000 && ms <= 100_000)).toBe(true);
});
