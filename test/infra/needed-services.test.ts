import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { checkRegion, neededServices } from '../../infra/needed-services.ts';
import { parseSettings } from '../../infra/settings.ts';
import { everyKind } from '../support/infra-pools.ts';

const root = '/aws/service/global-infrastructure';
const settings = parseSettings({ pools: everyKind });
/** AWS's list. */
const known = new Set<string>();
const server = createServer(async (request, response) => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const { Names } = JSON.parse(Buffer.concat(parts).toString()) as { Names: string[] };
  if (Names.length > 10) response.writeHead(400).end('{}');
  const Parameters = Names.filter((name) => known.has(name)).map((Name) => ({ Name }));
  response.end(JSON.stringify({ Parameters }));
});
let endpoint = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close().closeAllConnections());

const keys = { accessKeyId: 'x', secretAccessKey: 'x' };
const check = (region: string, at = endpoint) =>
  checkRegion({ region, keys, endpoint: at }, settings);
const lists = (region: string, services: readonly string[]): void => {
  known.add(`${root}/regions/${region}`);
  for (const one of services)
    known.add(`${root}/services/${one}`).add(`${root}/services/${one}/regions/${region}`);
};

test('what is needed follows from the pools', () => {
  expect(neededServices(parseSettings({}))).not.toContain('fargate');
  expect(neededServices(settings)).toEqual(
    expect.arrayContaining(['lambda', 'ecs', 'fargate', 'ecr', 'secretsmanager']),
  );
});

test('a region that lacks something is told of, with what it lacks and what to do', async () => {
  const all = neededServices(settings);
  lists('us-east-1', all);
  lists(
    'xx-far-1',
    all.filter((one) => one !== 'fargate' && one !== 'apigateway'),
  );
  await expect(check('us-east-1')).resolves.toBeUndefined();
  await expect(check('xx-far-1')).rejects.toThrow(
    'the region xx-far-1 has no apigateway, fargate, which these settings need; set AWS_REGION to another one',
  );
});

test('what the list does not know, or nobody says, keeps nothing from being deployed', async () => {
  await expect(check('xx-unheard-1')).resolves.toBeUndefined();
  known.delete(`${root}/services/fargate`);
  lists(
    'xx-near-1',
    neededServices(settings).filter((one) => one !== 'fargate'),
  );
  await expect(check('xx-near-1')).resolves.toBeUndefined();
  await expect(check('us-east-1', 'http://127.0.0.1:1')).resolves.toBeUndefined();
});
