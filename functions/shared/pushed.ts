import { z } from 'zod';
import type { PushedImage } from '../../src/adapters/aws/image-revision.ts';
import type { WatchedImage } from './env.ts';

/** What ECR tells by EventBridge when an image was pushed; members that are not needed are left out. */
const pushEvent = z.object({
  source: z.literal('aws.ecr'),
  'detail-type': z.literal('ECR Image Action'),
  time: z.iso.datetime(),
  detail: z.object({
    result: z.string(),
    'action-type': z.string(),
    'repository-name': z.string().min(1),
    'image-digest': z.string().regex(/^sha256:[0-9a-f]+$/),
    'image-tag': z.string().optional(),
  }),
});

export interface Pushed {
  readonly image: PushedImage;
  readonly pools: readonly WatchedImage[];
}

/** The image, and the pools that run what has its tag. Throws for what is no such event. */
export function pushedIn(event: unknown, watched: readonly WatchedImage[]): Pushed {
  const { time, detail } = pushEvent.parse(event);
  const repository = detail['repository-name'];
  const isPush = detail.result === 'SUCCESS' && detail['action-type'] === 'PUSH';
  return {
    image: { repository, digest: detail['image-digest'], at: Date.parse(time) },
    pools: watched.filter(
      (one) => isPush && one.repository === repository && one.tag === detail['image-tag'],
    ),
  };
}
