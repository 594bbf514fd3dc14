/** Archives of code: offered by their hash first, so that what is here is not sent again. */
import { CodeArchive, Sha256 } from '../contract/workflow.ts';
import { parseWith } from './problem-response.ts';
import { type Call, json } from './route.ts';

export async function offerCode({ engine, body }: Call): Promise<Response> {
  return json(await engine.offerCode(parseWith(CodeArchive, body, 'the body')));
}

export async function putCode({
  engine,
  bytes = new Uint8Array(),
  param,
}: Call): Promise<Response> {
  const hash = parseWith(Sha256, param('hash'), 'the path');
  return json(await engine.putCode(hash, bytes), 201);
}
