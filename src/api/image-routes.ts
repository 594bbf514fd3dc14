/** Routes of images: what was pushed for a pool, and what its labels say. */
import { ImageDigest, ImagePush } from '../contract/image.ts';
import { Problem } from '../contract/problem.ts';
import { readImageLabels } from '../definition/image-labels.ts';
import { parseWith } from './problem-response.ts';
import { NoParams } from './queries.ts';
import { type Call, json, type Route, route } from './route.ts';

const Body = ImagePush.omit({ digest: true });

/** A rejected one is kept too, so that it can be looked at. */
async function pushImage({ engine, body, param }: Call): Promise<Response> {
  const pool = param('pool');
  const digest = parseWith(ImageDigest, param('digest'), 'the path');
  const push = parseWith(Body, body, 'the body');
  const read = readImageLabels(push.labels, pool);
  const version = await engine.images.push({ ...push, pool, digest, read });
  if (version.state === 'accepted') return json(version);
  throw new Problem('image-rejected', version.why ?? '');
}

export const imageRoutes: readonly Route[] = [
  route({
    op: 'pushImage',
    right: 'author',
    method: 'PUT',
    path: '/v1/images/:pool/:digest',
    summary:
      "Tells of an image that was pushed for a pool, with its labels: new runs get the newest one's task types.",
    body: { kind: 'json', name: 'ImagePush', schema: Body },
    query: NoParams,
    status: 200,
    answer: 'ImageVersion',
    handle: pushImage,
  }),
  route({
    op: 'listImages',
    right: 'viewer',
    method: 'GET',
    path: '/v1/images',
    summary: 'Pools with images of their own: which one new runs get, and what was pushed last.',
    query: NoParams,
    status: 200,
    answer: 'ImageSummaries',
    handle: async ({ engine }) => json({ items: await engine.images.list(), next: null }),
  }),
  route({
    op: 'getImage',
    right: 'viewer',
    method: 'GET',
    path: '/v1/images/:pool',
    summary: "A pool's images, with the task types of the current one; and why one was rejected.",
    query: NoParams,
    status: 200,
    answer: 'ImageView',
    handle: async ({ engine, param }) => json(await engine.images.show(param('pool'))),
  }),
];
