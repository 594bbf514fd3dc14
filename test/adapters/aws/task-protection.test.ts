import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { nextProtection, protectTask } from '../../../src/adapters/aws/task-protection.ts';
import { until } from '../../ports/until.ts';
import { ManualClock } from '../embedded/manual-clock.ts';

const minute = 60_000;

test('a runner is protected from when it has something to do', () => {
  expect(nextProtection({ until: 0, busyAt: 0 }, true, minute)).toBe('protect');
  expect(nextProtection({ until: 60 * minute, busyAt: 0 }, true, minute)).toBeUndefined();
});

test('it is protected again well before that ends', () => {
  expect(nextProtection({ until: 60 * minute, busyAt: 0 }, true, 41 * minute)).toBe('protect');
});

test('it may go when it has had nothing to do for a while', () => {
  const last = { until: 60 * minute, busyAt: 10 * minute };
  expect(nextProtection(last, false, 10 * minute + 29_000)).toBeUndefined();
  expect(nextProtection(last, false, 10 * minute + 30_000)).toBe('release');
});

test('one that was never protected is not released', () => {
  expect(nextProtection({ until: 0, busyAt: 0 }, false, minute)).toBeUndefined();
});

/** ECS's agent beside a container, which refuses the first call. */
async function rig() {
  const asked: unknown[] = [];
  let calls = 0;
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const body = JSON.parse(Buffer.concat(parts).toString());
    if (++calls > 1) asked.push([request.method, request.url, body]);
    response.writeHead(calls > 1 ? 200 : 400).end('{"error":{"Message":"not now"}}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const clock = new ManualClock();
  return { asked, clock, agentUri: `http://127.0.0.1:${port}/api/task`, server };
}

test('ECS is asked as its documentation says, and again where it refused', async () => {
  const { asked, clock, agentUri, server } = await rig();
  const troubles: unknown[] = [];
  let busy = true;
  const onTrouble = (error: unknown) => void troubles.push(error);
  const stop = protectTask({ agentUri, clock, isBusy: () => busy, onTrouble });
  const passes = () => clock.pass(1_000);
  await until('it is protected', () => asked.length === 1, passes);
  busy = false;
  await until('it is released', () => asked.length === 2, passes);
  await Promise.all([stop(), clock.pass(10_000)]);
  server.close();
  const url = '/api/task/task-protection/v1/state';
  expect(asked).toEqual([
    ['PUT', url, { ProtectionEnabled: true, ExpiresInMinutes: 60 }],
    ['PUT', url, { ProtectionEnabled: false }],
  ]);
  expect(String(troubles)).toContain('not now');
});
