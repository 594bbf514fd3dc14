/** What ECR answers is answered here by a server of the test's own, in the form that its API has. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { imageLabels, UnreadableImage } from '../../../src/adapters/aws/image-config.ts';
import { poolClients } from '../../../src/adapters/aws/pool-clients.ts';
import { tellEvent } from '../../../src/adapters/aws/tell-event.ts';
import { nowhere, quickPatience } from '../../support/aws-stub.ts';

const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;
const one = { schemaVersion: 2, config: { digest: digestOf('c') }, layers: [] };

let manifests: Record<string, unknown> = {};
let config: [status: number, text: string] = [200, '{}'];
let failing = 0;
const asked: { target: string; input: Record<string, unknown>; service: string }[] = [];
let endpoint = '';

function answerTo(target: string, input: Record<string, unknown>): unknown {
  if (target.endsWith('GetDownloadUrlForLayer'))
    return {
      downloadUrl: `${endpoint}/blobs/${input.layerDigest}`,
      layerDigest: input.layerDigest,
    };
  if (target.endsWith('PutEvents'))
    return { FailedEntryCount: failing, Entries: [{ ErrorMessage: 'too large' }] };
  const [{ imageDigest = '' } = {}] = input.imageIds as { imageDigest?: string }[];
  const found = manifests[imageDigest];
  if (found === undefined)
    return { images: [], failures: [{ failureReason: 'Requested image not found' }] };
  return {
    images: [{ imageManifest: typeof found === 'string' ? found : JSON.stringify(found) }],
    failures: [],
  };
}

const server = createServer(async (request, response) => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  if (request.method === 'GET') {
    // A signed address takes no further signature.
    expect(request.headers.authorization).toBeUndefined();
    response.writeHead(config[0]).end(config[1]);
    return;
  }
  const { authorization = '', 'x-amz-target': target = '' } = request.headers;
  const input = JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>;
  const service = /^AWS4-HMAC-SHA256 .*\/([a-z]+)\/aws4_request/.exec(authorization)?.[1] ?? '';
  asked.push({ target: String(target), input, service });
  response.end(JSON.stringify(answerTo(String(target), input)));
});

const patience = { ...quickPatience(), triesMax: 3 };
let clients: ReturnType<typeof poolClients>;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  clients = poolClients({ ...nowhere, endpoint });
});
afterAll(() => {
  clients.close();
  server.close().closeAllConnections();
});
beforeEach(() => {
  manifests = { [digestOf('a')]: one };
  config = [200, JSON.stringify({ config: { Labels: { 'dev.fanfold.task.cut': 'x' } } })];
  asked.length = 0;
});

const labels = (letter = 'a') =>
  imageLabels(
    { client: clients.ecs, patience },
    { repository: 'fanfold/video', digest: digestOf(letter) },
  );

test('the labels of an image are in its configuration, which its manifest names', async () => {
  expect(await labels()).toEqual({ 'dev.fanfold.task.cut': 'x' });
  expect(asked.map(({ target, service }) => [target, service])).toEqual([
    ['AmazonEC2ContainerRegistry_V20150921.BatchGetImage', 'ecr'],
    ['AmazonEC2ContainerRegistry_V20150921.GetDownloadUrlForLayer', 'ecr'],
  ]);
  expect(asked[0]?.input).toMatchObject({
    repositoryName: 'fanfold/video',
    imageIds: [{ imageDigest: digestOf('a') }],
  });
});

test('of an image for several platforms those of the first count, not of what is noted of its build', async () => {
  manifests = {
    [digestOf('b')]: {
      manifests: [
        { digest: digestOf('d'), platform: { architecture: 'unknown', os: 'unknown' } },
        { digest: digestOf('a'), platform: { architecture: 'arm64', os: 'linux' } },
      ],
    },
    [digestOf('a')]: one,
  };
  expect(await labels('b')).toEqual({ 'dev.fanfold.task.cut': 'x' });
  manifests = { [digestOf('b')]: { manifests: [] } };
  await expect(labels('b')).rejects.toThrow(UnreadableImage);
});

test.each([
  ['without labels', JSON.stringify({ config: {} })],
  ['with none', JSON.stringify({ config: { Labels: null } })],
])('an image %s has none', async (_, text) => {
  config = [200, text];
  expect(await labels()).toEqual({});
});

test('what is no image, or is not there, cannot be read for good', async () => {
  await expect(labels('e')).rejects.toThrow('Requested image not found');
  manifests = { [digestOf('a')]: 'no JSON' };
  await expect(labels()).rejects.toThrow(UnreadableImage);
  manifests = { [digestOf('a')]: { layers: [] } };
  await expect(labels()).rejects.toThrow(/the manifest of sha256:a+ is none/);
  manifests = { [digestOf('a')]: one };
  config = [200, '{"config": {"Labels": {"a": 7}}}'];
  await expect(labels()).rejects.toThrow(UnreadableImage);
});

test('a registry that cannot answer now is asked again, and is no reason to reject an image', async () => {
  config = [503, ''];
  const error = await labels().catch((caught: unknown) => caught);
  expect(error).not.toBeInstanceOf(UnreadableImage);
  expect(String(error)).toMatch(/503.*3 times/);
});

test('an event is told to the bus of the account, and one that it does not take is an error', async () => {
  await tellEvent(clients.ecs, patience, { type: 'Fanfold Image Rejected', detail: { pool: 'a' } });
  expect(asked[0]).toEqual({
    target: 'AWSEvents.PutEvents',
    service: 'events',
    input: {
      Entries: [
        { Source: 'fanfold', DetailType: 'Fanfold Image Rejected', Detail: '{"pool":"a"}' },
      ],
    },
  });
  failing = 1;
  await expect(tellEvent(clients.ecs, patience, { type: 'x', detail: {} })).rejects.toThrow(
    'too large',
  );
});
