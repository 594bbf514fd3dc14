/** The emulator's registry, as who pushes images uses it. */
import { createHash } from 'node:crypto';
import { InvokeCommand, type LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import type { AwsPlace } from '../../src/adapters/aws/clients.ts';
import { ecr } from '../../src/adapters/aws/image-config.ts';
import { callJson } from '../../src/adapters/aws/json-call.ts';
import { poolClients } from '../../src/adapters/aws/pool-clients.ts';
import { systemClock, systemRandom } from '../../src/adapters/system.ts';

const digestOf = (text: string): string =>
  `sha256:${createHash('sha256').update(text).digest('hex')}`;

async function done(asked: Promise<Response>): Promise<Response> {
  const answer = await asked;
  if (answer.ok) return answer;
  throw new Error(`${answer.url}: ${answer.status} ${await answer.text()}`);
}

/** Makes a repository. */
export async function makeRepository(place: AwsPlace, repositoryName: string): Promise<void> {
  const { ecs, close } = poolClients(place);
  const patience = { clock: systemClock, random: systemRandom };
  await callJson(ecs, patience, ecr, 'CreateRepository', { repositoryName }, 'make a repository');
  close();
}

/** Puts an image without layers under a tag, by the registry's own API, as `docker push` does. Returns its digest. */
export async function pushImage(
  endpoint: string,
  repository: string,
  tag: string,
  labels: object,
): Promise<string> {
  const base = `${endpoint}/v2/${repository}`;
  const config = JSON.stringify({
    architecture: 'arm64',
    os: 'linux',
    config: { Labels: labels },
    rootfs: { type: 'layers', diff_ids: [] },
  });
  const upload = await done(fetch(`${base}/blobs/uploads/`, { method: 'POST' }));
  const place = new URL(upload.headers.get('location') ?? '', endpoint);
  place.searchParams.set('digest', digestOf(config));
  await done(
    fetch(new URL(`${place.pathname}${place.search}`, endpoint), { method: 'PUT', body: config }),
  );
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: {
      mediaType: 'application/vnd.docker.container.image.v1+json',
      size: config.length,
      digest: digestOf(config),
    },
    layers: [],
  });
  const headers = { 'content-type': mediaType };
  await done(fetch(`${base}/manifests/${tag}`, { method: 'PUT', headers, body: manifest }));
  return digestOf(manifest);
}

/** What ECR puts on the account's bus, as its documentation shows it. */
export const pushEvent = (repository: string, tag: string, digest: string, at: Date) => ({
  version: '0',
  id: '13cde686-328b-6117-af20-0e5566167482',
  'detail-type': 'ECR Image Action',
  source: 'aws.ecr',
  account: '000000000000',
  time: at.toISOString().replace(/[.][0-9]+Z$/, 'Z'),
  region: 'us-east-1',
  resources: [],
  detail: {
    result: 'SUCCESS',
    'repository-name': repository,
    'image-digest': digest,
    'action-type': 'PUSH',
    'image-tag': tag,
  },
});

/**
 * Hands the event to the function that the rule for it leads to. The emulator's registry raises none by itself, and its
 * bus, as the real one, takes none from others that says it is of AWS.
 */
export async function tellPush(
  lambda: LambdaClient,
  ...event: Parameters<typeof pushEvent>
): Promise<void> {
  const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
  const handler = Functions.find(({ Environment }) => Environment?.Variables?.FANFOLD_IMAGES);
  const told = await lambda.send(
    new InvokeCommand({
      FunctionName: handler?.FunctionName,
      Payload: Buffer.from(JSON.stringify(pushEvent(...event))),
    }),
  );
  if (told.FunctionError === undefined) return;
  throw new Error(`${told.FunctionError}: ${Buffer.from(told.Payload ?? []).toString()}`);
}
