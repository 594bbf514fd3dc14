/** Archives of code: offered by their hash first, so that what is here is not sent again. */
import type * as z from 'zod';
import { CodeArchive, Sha256 } from '../contract/workflow.ts';
import { paged } from './inspection.ts';
import { parseWith } from './problem-response.ts';
import { given, type PackagesParams } from './queries.ts';
import { type Call, json } from './route.ts';

export async function offerCode({ engine, body }: Call): Promise<Response> {
  return json(await engine.offerCode(parseWith(CodeArchive, body, 'the body')));
}

export async function pushPackage({ engine, body, param }: Call): Promise<Response> {
  const archive = parseWith(CodeArchive, body, 'the body');
  const pushed = await engine.pushPackage(param('name'), archive);
  return json(pushed, pushed.isNew ? 201 : 200);
}

export async function listPackages(call: Call<z.infer<typeof PackagesParams>>): Promise<Response> {
  return paged(call as Call<never>, await call.engine.packages(given(call.query)));
}

export async function showPackage({ engine, param }: Call): Promise<Response> {
  return json(await engine.package(param('name')));
}

export async function putCode({
  engine,
  bytes = new Uint8Array(),
  param,
}: Call): Promise<Response> {
  const hash = parseWith(Sha256, param('hash'), 'the path');
  return json(await engine.putCode(hash, bytes), 201);
}
