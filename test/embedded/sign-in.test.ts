import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { Client } from '../../src/client/client.ts';
import { findToken, ownHeaders } from '../../src/client/server-token.ts';
import { type Embedded, type EmbeddedOptions, startEmbedded } from '../../src/embedded/index.ts';
import { PASSWORD } from '../support/access.ts';

let folder = '';
let open: Embedded | undefined;

async function start(options: Partial<EmbeddedOptions> = {}): Promise<Embedded & { url: string }> {
  if (folder === '') folder = mkdtempSync(join(tmpdir(), 'fanfold-sign-in-'));
  open = await startEmbedded({ dataFolder: folder, slots: 0, port: 0, ...options });
  return open as Embedded & { url: string };
}

afterEach(async () => {
  await open?.close();
  open = undefined;
  rmSync(folder, { recursive: true, force: true });
  folder = '';
});

/** Each on a connection of its own: one that is kept would lead to a server that has gone. */
const ask = (url: string, headers: Record<string, string> = {}): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, (answer) => {
      answer.resume().on('end', () => resolve(answer));
    }).on('error', reject);
  });
const statusOf = async (url: string, headers: Record<string, string> = {}) =>
  (await ask(`${url}/v1/runs`, headers)).statusCode;

test('a server on loopback answers its user, and no other', async () => {
  const { url, token } = await start();
  expect(await statusOf(url)).toBe(401);
  expect(await statusOf(url, ownHeaders(url) as Record<string, string>)).toBe(200);
  expect(readFileSync(join(folder, 'token'), 'utf8')).toBe(token);
  expect(statSync(join(folder, 'token')).mode & 0o777).toBe(0o600);
  await open?.close();
  expect(findToken(url)).toBeUndefined();
});

test('its token stays when it is started again, until it is removed', async () => {
  const { token } = await start();
  await open?.close();
  expect((await start()).token).toBe(token);
  await open?.close();
  rmSync(join(folder, 'token'));
  expect((await start()).token).not.toBe(token);
});

test('a browser gets in by its link, and stays in when the server is started again', async () => {
  const { url, link } = await start();
  const answer = await ask(link() ?? '');
  const cookie = answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  expect(cookie).toMatch(new RegExp(`^fanfold-${new URL(url).port}=`));
  expect(await statusOf(url, { cookie })).toBe(200);
  await open?.close();
  const again = await start({ port: Number(new URL(url).port) });
  expect(await statusOf(again.url, { cookie })).toBe(200);
});

test('beyond loopback it does not start without an account', async () => {
  await expect(start({ host: '0.0.0.0' })).rejects.toThrow(/needs an account first.*users add/s);
  const firstAdmin = { name: 'ada', password: 'short' };
  await expect(start({ host: '0.0.0.0', firstAdmin })).rejects.toThrow(/12 to 128 characters/);
});

test('beyond loopback the first account comes from outside, and signs in', async () => {
  const firstAdmin = { name: 'ada', password: PASSWORD };
  const { url } = await start({ host: '0.0.0.0', firstAdmin });
  const client = new Client({ url });
  const call = { method: 'POST', path: '/v1/sessions', repeatable: false } as const;
  const { accessToken } = (await client.call({ ...call, body: firstAdmin })) as {
    accessToken: string;
  };
  // By whatever name it is called.
  const headers = { authorization: `Bearer ${accessToken}`, host: 'fanfold.example' };
  expect(await statusOf(url, headers)).toBe(200);
  await open?.close();
  const other = { name: 'eve', password: `${PASSWORD} eight` };
  const again = await start({ host: '0.0.0.0', firstAdmin: other });
  await expect(new Client({ url: again.url }).call({ ...call, body: other })).rejects.toMatchObject(
    { code: 'sign-in-refused' },
  );
});
