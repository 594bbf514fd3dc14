import { createHash } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { expect, test } from '@jest/globals';
import { s3Blobs } from '../../../src/adapters/aws/blobs.ts';
import { type Answer, failure, nowhere, quickPatience, stub } from '../../support/aws-stub.ts';

const bytes = new Uint8Array([1, 2, 3]);
const hash = createHash('sha256').update(bytes).digest('hex');

function rig(answer: Answer) {
  let now = 0;
  const { client, calls } = stub(new S3Client(nowhere), answer);
  const blobs = s3Blobs({
    client,
    bucket: 'b',
    prefix: 'blobs/',
    clock: { now: () => now },
    patience: quickPatience(),
  });
  return {
    blobs,
    asked: () => calls.splice(0).map(({ command }) => command),
    pass: (ms: number) => {
      now += ms;
    },
  };
}

test('what was seen lately is not asked for again, since blobs do not change', async () => {
  const { blobs, asked, pass } = rig(() => ({}));
  for (let i = 0; i < 3; i++) expect(await blobs.has(hash)).toBe(true);
  expect(asked()).toEqual(['HeadObject']);
  pass(11 * 60_000);
  for (let i = 0; i < 3; i++) expect(await blobs.put(bytes)).toBe(hash);
  expect(await blobs.has(hash)).toBe(true);
  expect(asked()).toEqual(['PutObject']);
});

test('what is not there may come at any time', async () => {
  const { blobs, asked } = rig(() => {
    throw failure('NotFound', 404);
  });
  expect([await blobs.has(hash), await blobs.has(hash)]).toEqual([false, false]);
  expect(asked()).toEqual(['HeadObject', 'HeadObject']);
});

test('an address for an upload is signed with the checksum, in the place of the bucket', async () => {
  const client = new S3Client({ ...nowhere, endpoint: 'http://127.0.0.1:4566/' });
  const there = s3Blobs({
    client,
    bucket: 'b',
    prefix: 'blobs/',
    clock: { now: () => Date.UTC(2026, 0, 2, 3, 4, 5) },
    patience: quickPatience(),
  });
  const { url, headers } = (await there.uploadTo(hash)) ?? { url: '', headers: {} };
  const { origin, pathname, searchParams } = new URL(url);
  expect([origin, pathname]).toEqual(['http://127.0.0.1:4566', `/b/blobs/${hash}`]);
  expect(Object.fromEntries(searchParams)).toMatchObject({
    'X-Amz-Date': '20260102T030405Z',
    'X-Amz-Expires': '900',
    'X-Amz-SignedHeaders': 'host;x-amz-checksum-sha256',
    'X-Amz-Credential': 'x/20260102/us-east-1/s3/aws4_request',
    'X-Amz-Signature': expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  const sum = Buffer.from(hash, 'hex').toString('base64');
  expect(headers).toEqual({ 'x-amz-checksum-sha256': sum });
});

test('without an endpoint of its own the address is that of AWS', async () => {
  const { endpoint: _, ...aws } = nowhere;
  const blobs = s3Blobs({
    client: new S3Client({ ...aws, region: 'eu-central-1' }),
    bucket: 'b',
    prefix: 'blobs/',
    clock: { now: () => 0 },
    patience: quickPatience(),
  });
  const { url = '' } = (await blobs.uploadTo(hash)) ?? {};
  expect(url).toMatch(/^https:\/\/b\.s3\.eu-central-1\.amazonaws\.com\/blobs\/[0-9a-f]{64}\?/);
});
