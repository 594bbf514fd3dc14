import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { printDatacenterApi } from '../../../src/adapters/http/datacenter-contract.ts';
import { datacenterProvisioner } from '../../../src/adapters/http/datacenter-provisioner.ts';
import { Unavailable } from '../../../src/ports/table.ts';
import { testProvisioner } from '../../ports/provisioner.suite.ts';
import { type Datacenter, type Instead, startDatacenter } from '../../support/datacenter.ts';

const secret = 'a-token-of-the-test';
const token = async () => secret;
const pools = { 'gpu large': { runnersMax: 7 } };

testProvisioner("a data centre's API", async () => {
  const datacenter = await startDatacenter(secret, Object.keys(pools));
  return {
    provisioner: datacenterProvisioner({ url: datacenter.url, token, pools }),
    pool: 'gpu large',
    cap: 7,
    unknown: 'unheard-of',
    close: () => datacenter.close(),
  };
});

describe('a hostile data centre', () => {
  let datacenter: Datacenter;
  const open = (msMax = 60_000) =>
    datacenterProvisioner({ url: datacenter.url, token, pools, msMax });
  beforeAll(async () => {
    datacenter = await startDatacenter(secret, Object.keys(pools));
  });
  beforeEach(() => {
    datacenter.instead = undefined;
  });
  afterAll(() => datacenter.close());

  const says =
    (body: string): Instead =>
    (_, response) =>
      void response.writeHead(200).end(body);
  const bodies: readonly [string, string][] = [
    ['NaN', '{"wanted":NaN,"running":0}'],
    ['too many to be true', '{"wanted":1,"running":1e9}'],
    ['less than none', '{"wanted":-1,"running":0}'],
    ['half a runner', '{"wanted":1.5,"running":0}'],
    ['text for a number', '{"wanted":"3","running":0}'],
    ['nothing of it', '{}'],
    ['a list', '[1,2]'],
    ['null', 'null'],
    ['no JSON', '<html>welcome</html>'],
    ['nothing', ''],
    ['more than anybody needs', `{"wanted":1,"running":1,"pad":"${'x'.repeat(100_000)}"}`],
  ];
  test.each(bodies)('that answers %s is not believed', async (_, body) => {
    datacenter.instead = says(body);
    await expect(open().read('gpu large')).rejects.toThrow(Unavailable);
  });

  test.each([400, 401, 404, 429, 500, 503])('that answers %i is told of', async (status) => {
    datacenter.instead = (_, response) => void response.writeHead(status).end('{"wanted":1}');
    await expect(open().read('gpu large')).rejects.toThrow(String(status));
    await expect(open().set('gpu large', 1)).rejects.toThrow(Unavailable);
  });

  test.each([301, 302, 307, 308])('that sends elsewhere (%i) is not followed', async (status) => {
    const seen: (string | undefined)[] = [];
    datacenter.instead = ({ url }, response) => {
      seen.push(url);
      response.writeHead(status, { location: '/elsewhere' }).end();
    };
    await expect(open().read('gpu large')).rejects.toThrow(Unavailable);
    await expect(open().set('gpu large', 1)).rejects.toThrow(Unavailable);
    expect(seen).toEqual(['/api/pools/gpu%20large', '/api/pools/gpu%20large']);
  });

  test('that says nothing is waited for so long and no longer', async () => {
    datacenter.instead = () => undefined;
    await expect(open(50).read('gpu large')).rejects.toThrow(Unavailable);
    await expect(open(50).set('gpu large', 1)).rejects.toThrow(Unavailable);
  });

  test('that never ends its answer is waited for so long and no longer', async () => {
    datacenter.instead = (_, response) => void response.writeHead(200).write('{"wanted":1,');
    await expect(open(50).read('gpu large')).rejects.toThrow(Unavailable);
  });

  test('that hangs up is told of', async () => {
    datacenter.instead = (request) => void request.socket.destroy();
    await expect(open().read('gpu large')).rejects.toThrow(Unavailable);
  });

  test('that refuses the token is told of, without the token', async () => {
    const provisioner = datacenterProvisioner({
      url: datacenter.url,
      token: async () => 'wrong',
      pools,
    });
    const refused = await provisioner.read('gpu large').catch((error: Error) => error.message);
    expect(refused).toContain('401');
    expect(refused).not.toContain('wrong');
  });

  test('that was given a new token is asked again with that', async () => {
    const asked: (string | undefined)[] = [];
    const changing = async (refused?: string) => {
      asked.push(refused);
      return refused === undefined ? 'yesterday' : secret;
    };
    const provisioner = datacenterProvisioner({ url: datacenter.url, token: changing, pools });
    await expect(provisioner.read('gpu large')).resolves.toMatchObject({ running: 0 });
    expect(asked).toEqual([undefined, 'yesterday']);
  });

  test('is asked for no more than the pool may have, whatever it said', async () => {
    await open().set('gpu large', 1e9);
    await expect(open().set('gpu large', Number.NaN)).rejects.toThrow(RangeError);
    expect(datacenter.asked).toEqual([{ runners: 7 }]);
  });
});

test('a token is not sent where anybody could read it', () => {
  const to = (url: string) => () => datacenterProvisioner({ url, token, pools });
  expect(to('http://datacenter.example/api')).toThrow('https');
  expect(to('http://127.0.0.1.example/api')).toThrow('https');
  expect(to('https://datacenter.example/api')).not.toThrow();
});

test('the published description is what the code prints: run `node tools/print-datacenter-api.ts`', () => {
  const file = join(import.meta.dirname, '../../../docs/datacenter-api.openapi.json');
  expect(readFileSync(file, 'utf8')).toBe(printDatacenterApi());
});
