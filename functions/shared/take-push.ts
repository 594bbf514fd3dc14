import type { Audit } from '../../src/access/audit.ts';
import type { PushedImage } from '../../src/adapters/aws/image-revision.ts';
import type { ToldEvent } from '../../src/adapters/aws/tell-event.ts';
import type { ImageTypes } from '../../src/contract/image.ts';
import { type Labels, readImageLabels } from '../../src/definition/image-labels.ts';
import type { PoolFacts } from '../../src/definition/placing.ts';
import type { Images } from '../../src/engine/images.ts';
import type { WatchedImage } from './env.ts';

/** What a push leads to. Each may be done twice: events come at least once. */
export interface PushActs {
  /** The labels, or why the image cannot be read as one. */
  readonly labels: (
    image: PushedImage,
  ) => Promise<{ readonly labels: Labels } | { readonly why: string }>;
  /** Has what runs a pool run the image. False: it does already, or runs a newer one. */
  readonly revise: (pool: WatchedImage, image: PushedImage) => Promise<boolean>;
  readonly register: Images['push'];
  readonly note: Audit['note'];
  readonly tell: (event: ToldEvent) => Promise<void>;
}

export interface TakenPush {
  readonly image: PushedImage;
  readonly pools: readonly WatchedImage[];
  /** Of each pool, what one of its runners has. */
  readonly facts: Readonly<Record<string, PoolFacts>>;
}

export interface PushOutcome {
  readonly pool: string;
  readonly digest: string;
  readonly state: 'accepted' | 'rejected';
  readonly revised: boolean;
  readonly why?: string;
}

/**
 * Takes an image that was pushed: each pool of it gets it and its task types, or neither, with why noted and told. The pool
 * comes first, so that no run is given a type before its image is asked for.
 */
export async function takePush(
  acts: PushActs,
  { image, pools, facts }: TakenPush,
): Promise<readonly PushOutcome[]> {
  if (pools.length === 0) return [];
  const found = await acts.labels(image);
  const outcomes: PushOutcome[] = [];
  for (const one of pools) {
    const read: ImageTypes =
      'why' in found ? found : readImageLabels(found.labels, one.pool, facts[one.pool]);
    outcomes.push(await takeForPool(acts, image, one, read));
  }
  return outcomes;
}

async function takeForPool(
  acts: PushActs,
  image: PushedImage,
  watched: WatchedImage,
  read: ImageTypes,
): Promise<PushOutcome> {
  const { pool, tag } = watched;
  const { digest, repository, at: pushedAt } = image;
  const revised = 'types' in read && (await acts.revise(watched, image));
  const { state } = await acts.register({
    ...{ pool, digest, repository, tag, pushedAt, read },
    labels: {},
  });
  const why = 'why' in read ? { why: read.why } : {};
  await acts.note({
    at: pushedAt,
    ...{ kind: 'registry', caller: 'ecr', from: '', operation: 'pushImage' },
    object: `/v1/images/${pool}/${digest}`,
    status: state === 'accepted' ? 200 : 422,
  });
  await acts.tell({
    type: state === 'accepted' ? 'Fanfold Image Accepted' : 'Fanfold Image Rejected',
    detail: { pool, repository, tag, digest, ...why },
  });
  return { pool, digest, state, revised, ...why };
}
