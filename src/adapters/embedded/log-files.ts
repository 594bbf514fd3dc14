/** Where the logs of runs lie. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { namesIn } from './files-in.ts';

const plainId = /^[0-9A-Z]{26}$/;
const plainName = /^([0-9A-Z]{26})\.jsonl$/;

/**
 * Ids that could be anything, also on disks that know no case, are hashed. The folder's name holds the time of a
 * ULID, so that runs of some nine hours lie together.
 */
export function fileOf(folder: string, run: string): string {
  if (plainId.test(run)) return join(folder, run.slice(0, 5), `${run}.jsonl`);
  const hash = createHash('sha256').update(run).digest('hex');
  return join(folder, 'other', `${hash}.jsonl`);
}

export interface RunFile {
  readonly path: string;
  /** Undefined: its id is no ULID, and cannot be told from the name. */
  readonly run: string | undefined;
}

const downwards = (a: string, b: string): number => Number(a < b) - Number(a > b);

/** Newest runs first, those whose age cannot be told before them. */
export async function* logFiles(folder: string): AsyncGenerator<RunFile> {
  for (const group of (await namesIn(folder)).toSorted(downwards)) {
    for (const name of (await namesIn(join(folder, group))).toSorted(downwards))
      yield { path: join(folder, group, name), run: plainName.exec(name)?.[1] };
  }
}
