/** The files that tasks have left. */
import type * as z from 'zod';
import { paged, runOf } from './inspection.ts';
import { ArtifactParams, ArtifactsParams, given } from './queries.ts';
import { type Call, type Route, route } from './route.ts';

async function listArtifacts(call: Call<z.infer<typeof ArtifactsParams>>): Promise<Response> {
  const page = await call.engine.artifacts(runOf(call), given(call.query));
  return paged(call as Call<never>, page);
}

/** As bytes, or where they are to be had: what Lambda answers with has at most 6 MB. */
async function getArtifact(call: Call<z.infer<typeof ArtifactParams>>): Promise<Response> {
  const { task, path } = call.query;
  const content = await call.engine.artifact(runOf(call), task, path);
  const { blob, size } = content.artifact;
  const headers = {
    etag: `"${blob}"`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  };
  if ('url' in content)
    return new Response(null, { status: 307, headers: { ...headers, location: content.url } });
  return new Response(ReadableStream.from(content.parts) as ReadableStream<Uint8Array>, {
    headers: {
      ...headers,
      'content-type': 'application/octet-stream',
      'content-length': String(size),
      'content-disposition': 'attachment',
    },
  });
}

export const artifactRoutes: readonly Route[] = [
  route({
    op: 'listArtifacts',
    method: 'GET',
    right: 'viewer',
    path: '/v1/runs/:id/artifacts',
    summary: 'The files that the tasks of a run, or one of them, have left.',
    query: ArtifactsParams,
    status: 200,
    answer: 'PageOfArtifactView',
    handle: listArtifacts,
  }),
  route({
    op: 'getArtifact',
    method: 'GET',
    right: 'viewer',
    path: '/v1/runs/:id/artifacts/content',
    summary: 'The bytes of one of them, or, with 307, the address where they are for some minutes.',
    query: ArtifactParams,
    status: 200,
    answer: 'Bytes',
    handle: getArtifact,
  }),
];
