/** Images that were pushed for a pool, by their digests, and which of them new runs get. */
import type {
  ImagePush,
  ImageSummary,
  ImageTypes,
  ImageVersion,
  ImageView,
  TaskType,
  TypeName,
} from '../contract/image.ts';
import { Problem } from '../contract/problem.ts';
import { namePattern } from '../contract/workflow.ts';
import type { Ports } from '../ports/ports.ts';
import { type Records, recordsOf } from './records.ts';
import type { EngineSettings } from './settings.ts';

export interface PushedTypes extends ImagePush {
  readonly pool: string;
  readonly read: ImageTypes;
}

export interface Images {
  /** Answered means kept, a rejected one too. A push that is told of later than a newer one changes no new run. */
  push(pushed: PushedTypes): Promise<ImageVersion>;
  list(): Promise<readonly ImageSummary[]>;
  show(pool: string): Promise<ImageView>;
}

type Needs = Pick<Ports, 'table' | 'clock'>;

interface Stored extends ImageVersion {
  readonly types: readonly TaskType[];
}
/** Of a pool: the newest that was accepted, and the newest. */
interface Head {
  readonly current?: Stored;
  readonly last: ImageVersion;
}

export function createImages(ports: Needs, settings: EngineSettings): Images {
  const heads = headsOf(ports, settings);
  return {
    async push(pushed) {
      const stored = storedOf(pushed, ports.clock.now());
      const { types: _types, ...version } = stored;
      await versionsOf(ports, settings, pushed.pool).change(pushed.digest, () => stored);
      await heads.change(pushed.pool, (before) => {
        const head: Head = {
          last: newer(before?.last, version),
          ...(before?.current && { current: before.current }),
        };
        if (version.state === 'rejected') return head;
        return { ...head, current: newer(before?.current, stored) };
      });
      return version;
    },
    async list() {
      return (await heads.all()).map(({ id, data }) => summaryOf(id, data));
    },
    async show(pool) {
      const found = await heads.find(pool);
      if (found === undefined) throw nothingPushed(pool);
      const versions = (await versionsOf(ports, settings, pool).all()).map(({ data }) =>
        told(data),
      );
      versions.sort((a, b) => b.pushedAt - a.pushedAt || (a.digest < b.digest ? -1 : 1));
      const types = found.data.current?.types ?? [];
      return { ...summaryOf(pool, found.data), types, versions };
    },
  };
}

const headsOf = (ports: Needs, settings: EngineSettings): Records<Head> =>
  recordsOf<Head>(ports, settings, 'IMAGES');
const versionsOf = (ports: Needs, settings: EngineSettings, pool: string): Records<Stored> =>
  recordsOf<Stored>(ports, settings, `IMAGE-${pool}`);

const newer = <T extends ImageVersion>(before: T | undefined, now: T): T =>
  before !== undefined && before.pushedAt > now.pushedAt ? before : now;

function told({ types: _types, ...version }: Stored): ImageVersion {
  return version;
}

const summaryOf = (pool: string, { current, last }: Head): ImageSummary => ({
  pool,
  ...(current && { current: told(current) }),
  last,
});

function storedOf({ pool, read, digest, repository, tag, pushedAt }: PushedTypes, now: number) {
  if (!namePattern.test(pool))
    throw new Problem(
      'input-invalid',
      `${JSON.stringify(pool.slice(0, 150))} is no name of a pool`,
    );
  const types = 'types' in read ? read.types : [];
  const stored: Stored = {
    pool,
    digest,
    repository,
    ...(tag !== undefined && { tag }),
    pushedAt: pushedAt ?? now,
    ...('why' in read ? { state: 'rejected', why: read.why } : { state: 'accepted' }),
    tasks: types.map(({ id }) => id),
    types,
  };
  return stored;
}

const nothingPushed = (pool: string): Problem =>
  new Problem('image-unknown', `no image was pushed for the pool ${pool}`);

export interface FoundTypes {
  readonly digest: string;
  readonly types: readonly TaskType[];
}

/** The task types that a name stands for now. */
export async function findTypes(
  ports: Needs,
  settings: EngineSettings,
  { pool, digest }: Omit<TypeName, 'type'>,
): Promise<FoundTypes> {
  const head = await headsOf(ports, settings).find(pool);
  if (head === undefined) throw nothingPushed(pool);
  if (digest !== undefined) return versionNamed(ports, settings, pool, digest);
  const { current, last } = head.data;
  if (current !== undefined) return current;
  throw new Problem(
    'image-rejected',
    `no image for the pool ${pool} was accepted yet; of the last one: ${last.why}`,
  );
}

async function versionNamed(
  ports: Needs,
  settings: EngineSettings,
  pool: string,
  digest: string,
): Promise<FoundTypes> {
  const all = await versionsOf(ports, settings, pool).all();
  const found = all.filter(({ id }) => id.startsWith(digest));
  const [version] = found;
  if (version === undefined)
    throw new Problem('image-unknown', `no image ${digest} was pushed for the pool ${pool}`);
  if (found.length > 1)
    throw new Problem('image-unknown', `several images of the pool ${pool} begin with ${digest}`);
  if (version.data.state === 'accepted') return version.data;
  const why = `the image ${digest} was rejected: ${version.data.why}`;
  throw new Problem('image-rejected', why);
}
