import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { type Invocation, serveLambda } from '../../runtime-images/lambda-runtime.ts';
import { buildImages } from '../../tools/build-images.ts';

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

test('the program that is in every image is such a function where Lambda starts it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fanfold-lambda-image-'));
  const images = await buildImages(() => undefined, folder);
  const { api, answers } = await openApi([{ Records: [] }]);
  const program = join(images, 'node', 'runner', 'index.mjs');
  const child = spawn(process.execPath, [program], {
    stdio: 'ignore',
    env: {
      ...{ PATH: process.env.PATH, TMPDIR: folder, AWS_LAMBDA_RUNTIME_API: api },
      ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' },
      ...{ FANFOLD_NAMESPACE: 'main', FANFOLD_TABLE: 't', FANFOLD_BUCKET: 'b' },
      ...{ FANFOLD_QUEUES: '{}', FANFOLD_ARCHIVE_AFTER_DAYS: '7', FANFOLD_KEEP_DAYS: '7' },
      ...{ FANFOLD_POOL: 'default', FANFOLD_SLOTS: '2' },
      FANFOLD_CAPACITY: JSON.stringify({ cpu: 1, memoryMb: 512, diskMb: 256, gpu: 0 }),
    },
  });
  // With nobody left to answer, it ends.
  await once(child, 'exit');
  expect(answers).toEqual([['id-0/response', { batchItemFailures: [] }]]);
  rmSync(folder, { recursive: true, force: true });
});
