import {
  GetFunctionCommand,
  type LambdaClient,
  TagResourceCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import type { PushedImage } from './image-revision.ts';
import { insist, type Patience } from './insist.ts';

/** Where a function says when its image was pushed: events come in no promised order. */
const pushedAt = 'fanfold.pushed-at';

/**
 * Has a function run a pushed image from its next process on; those at work end what they have begun. False: it runs that
 * image already, or a newer one.
 */
export async function reviseFunction(
  client: LambdaClient,
  patience: Patience,
  FunctionName: string,
  image: PushedImage,
): Promise<boolean> {
  const { Code, Tags, Configuration } = await insist(patience, `look at ${FunctionName}`, () =>
    client.send(new GetFunctionCommand({ FunctionName })),
  );
  const uri = Code?.ImageUri ?? '';
  const registry = uri.slice(0, Math.max(0, uri.indexOf('/')));
  if (registry === '') throw new Error(`function ${FunctionName} runs no image of a registry`);
  const ImageUri = `${registry}/${image.repository}@${image.digest}`;
  const isOlder = Number(Tags?.[pushedAt] ?? 0) > image.at;
  if (isOlder || Code?.ResolvedImageUri === ImageUri || uri === ImageUri) return false;
  await insist(patience, `revise ${FunctionName}`, () =>
    client.send(new UpdateFunctionCodeCommand({ FunctionName, ImageUri })),
  );
  const tag = { Resource: Configuration?.FunctionArn, Tags: { [pushedAt]: String(image.at) } };
  await insist(patience, `mark ${FunctionName}`, () => client.send(new TagResourceCommand(tag)));
  return true;
}
