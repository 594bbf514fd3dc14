import { expect, test } from '@jest/globals';
import { reviseFunction } from '../../../src/adapters/aws/function-image.ts';
import { poolClients } from '../../../src/adapters/aws/pool-clients.ts';
import { failure, nowhere, quickPatience, stub } from '../../support/aws-stub.ts';

const registry = '123456789012.dkr.ecr.us-east-1.amazonaws.com';
const image = (digest: string, at: number) => ({ repository: 'functions', digest, at });

/** A function that runs an image. */
function openFunction(ImageUri: string | undefined, throttles = 0) {
  let left = throttles;
  const Tags: Record<string, string> = {};
  let Code = { ImageUri, ResolvedImageUri: ImageUri && `${ImageUri.split(':')[0]}@sha256:0` };
  const { client, calls } = stub(poolClients(nowhere).lambda, (command, input: never) => {
    if (left-- > 0) throw failure('TooManyRequestsException', 429);
    const given = input as { ImageUri: string; Tags: Record<string, string> };
    if (command === 'GetFunction') return { Code, Tags, Configuration: { FunctionArn: 'arn:f' } };
    if (command === 'TagResource') Object.assign(Tags, given.Tags);
    else Code = { ImageUri: given.ImageUri, ResolvedImageUri: given.ImageUri };
    return {};
  });
  return {
    revise: (digest: string, at: number) =>
      reviseFunction(client, quickPatience(), 'f', image(digest, at)),
    updates: () => calls.filter(({ command }) => command === 'UpdateFunctionCode'),
    uri: () => Code.ImageUri,
  };
}

test('a function runs what was pushed, by its digest, and a second time changes nothing', async () => {
  const { revise, updates, uri } = openFunction(`${registry}/functions:stable`, 2);
  expect(await revise('sha256:a', 5)).toBe(true);
  expect(uri()).toBe(`${registry}/functions@sha256:a`);
  expect(await revise('sha256:a', 5)).toBe(false);
  expect(updates()).toHaveLength(1);
});

test('an older push does not take its place, a newer one does', async () => {
  const { revise, uri } = openFunction(`${registry}/functions:stable`);
  await revise('sha256:b', 5);
  expect(await revise('sha256:a', 4)).toBe(false);
  expect(await revise('sha256:c', 6)).toBe(true);
  expect(uri()).toBe(`${registry}/functions@sha256:c`);
});

test('a function that runs no image is told of', async () => {
  await expect(openFunction(undefined).revise('sha256:a', 1)).rejects.toThrow('runs no image');
});
