/** Keys and shapes of everything in the table, once. */
import type { StoredOutput } from '../contract/happening.ts';
import type { Json, JsonObject } from '../contract/json.ts';
import type { RunState } from '../contract/state.ts';
import type { Code, Codes } from '../contract/workflow.ts';
import type { Renewal } from '../core/renewal.ts';
import type { Key } from '../ports/table.ts';
import type { EngineSettings } from './settings.ts';

export const sortKeys = {
  meta: 'META',
  /** Inserts of these wake the decider. */
  pack: 'PACK#',
  mixedPack: 'MIX#',
  control: 'CONTROL#',
  spawn: 'SPAWN#',
  lost: 'LOST#',
  progress: 'PROGRESS#',
  segments: 'SEGMENTS#',
  claim: 'CLAIM#',
  /** What a client's key for a control stands for. */
  key: 'KEY#',
  /** What of a task is to happen once, and what it gave. */
  once: 'ONCE#',
} as const;

/** What the change feed is asked for: everything that happens to runs. */
export const feedPrefixes: readonly string[] = [
  sortKeys.meta,
  sortKeys.pack,
  sortKeys.mixedPack,
  sortKeys.control,
  sortKeys.spawn,
  sortKeys.lost,
];

const padded = (n: number): string => n.toString(36).padStart(8, '0');

export const runPartition = (namespace: string, run: string): string => `${namespace}/RUN#${run}`;
export const runOf = (partition: string): string =>
  partition.slice(partition.indexOf('/RUN#') + 5, partition.indexOf('/RUN#') + 31);
export const specPartition = (namespace: string, hash: string): string =>
  `${namespace}/SPEC#${hash}`;
/** Where a runner's packs lie that hold reports of several runs. */
export const runnerPartition = (namespace: string, runner: string): string =>
  `${namespace}/RUNNER#${runner}`;

/** Heartbeats of runners, and indexes, lie in so many partitions, so that none takes all traffic. */
type Sharding = Pick<EngineSettings, 'namespace' | 'shards'>;

export function shardOf({ shards }: Sharding, id: string): string {
  let hash = 0;
  for (let i = 0; i < id.length; i++) hash = (Math.imul(hash, 31) + id.charCodeAt(i)) >>> 0;
  return (hash % shards).toString(16);
}

export const allShards = ({ shards }: Sharding): readonly string[] =>
  Array.from({ length: shards }, (_, i) => i.toString(16));

/** Heartbeats of runners lie here, by incarnation. */
export const heartbeatPartition = (namespace: string, shard: string): string =>
  `${namespace}/RUNNERS#${shard}`;
export const heartbeatKey = (sharding: Sharding, runner: string): Key => ({
  partition: heartbeatPartition(sharding.namespace, shardOf(sharding, runner)),
  sort: runner,
});
/** What is remembered from one decision on how many runners a pool wants to the next. */
export const capacityKey = (namespace: string, pool: string): Key => ({
  partition: `${namespace}/CAPACITY`,
  sort: `POOL#${pool}`,
});
/** When capacity is decided next. */
export const tickKey = (namespace: string): Key => ({
  partition: `${namespace}/CAPACITY`,
  sort: 'TICK',
});
export const indexPartition = (sharding: Sharding, name: string, id: string): string =>
  `${sharding.namespace}/${name}#${shardOf(sharding, id)}`;

/** Where runs are listed together that were submitted together, until their first visit; by when that is. */
export const wakeListPartition = (namespace: string, shard: string): string =>
  `${namespace}/WAKES#${shard}`;
export const wakeListKey = (sharding: Sharding, id: string, wakeAt: number): Key => ({
  partition: wakeListPartition(sharding.namespace, shardOf(sharding, id)),
  sort: sortable(wakeAt, id),
});

/** Sorts by time. */
export const sortable = (at: number, id: string): string =>
  `${at.toString().padStart(15, '0')}#${id}`;

export const metaKey = (namespace: string, run: string): Key => ({
  partition: runPartition(namespace, run),
  sort: sortKeys.meta,
});
export const progressKey = (namespace: string, run: string, chunk: number): Key => ({
  partition: runPartition(namespace, run),
  sort: `${sortKeys.progress}${padded(chunk)}`,
});
export const segmentsKey = (namespace: string, run: string, page: number): Key => ({
  partition: runPartition(namespace, run),
  sort: `${sortKeys.segments}${padded(page)}`,
});

export const onceKey = (namespace: string, run: string, hash: string): Key => ({
  partition: runPartition(namespace, run),
  sort: `${sortKeys.once}${hash}`,
});

/**
 * Claims of 64 tasks with neighbouring numbers lie in one item. Those of the first tasks of runs lie together too, for ids
 * that differ in their last character only: runs that are submitted together are neighbours.
 */
const claimBlockTasks = 64;
export const claimKey = (namespace: string, run: string, task: number): Key =>
  task === 0
    ? { partition: `${namespace}/CLAIMS#${run.slice(0, -1)}`, sort: sortKeys.claim }
    : {
        partition: runPartition(namespace, run),
        sort: `${sortKeys.claim}${padded(Math.floor(task / claimBlockTasks))}`,
      };
/** The same for two attempts if, and only if, their claims lie in one item. */
export const claimBlock = (run: string, task: number): string =>
  task === 0 ? run.slice(0, -1) : `${run}#${Math.floor(task / claimBlockTasks)}`;
/** Where in that item. */
export const claimPlace = (run: string, task: number): number =>
  task === 0 ? run.charCodeAt(run.length - 1) : task % claimBlockTasks;
/** Of an item of one run's claims. */
export const claimedTask = ({ sort }: Key, place: number): number =>
  Number.parseInt(sort.slice(sortKeys.claim.length), 36) * claimBlockTasks + place;
/** The last part numbers a runner's packs, so that progress can name one in few bytes. */
export const packSort = (prefix: 'PACK#' | 'MIX#', runner: string, number: number): string =>
  `${prefix}${runner}#${padded(number)}`;
export const spawnSort = (parent: number, attempt: number, part: number): string =>
  `${sortKeys.spawn}${padded(parent)}#${padded(attempt)}#${padded(part)}`;
export const lostSort = (task: number, attempt: number): string =>
  `${sortKeys.lost}${padded(task)}#${padded(attempt)}`;

/** Where a happening lies that progress names as a source. */
export function sourceKey(namespace: string, run: string, source: string): Key {
  if (!source.startsWith(sortKeys.mixedPack))
    return { partition: runPartition(namespace, run), sort: source };
  const runner = source.slice(sortKeys.mixedPack.length, sortKeys.mixedPack.length + 26);
  return { partition: runnerPartition(namespace, runner), sort: source };
}

export interface Meta {
  readonly id: string;
  readonly workflow: string;
  readonly hash: string;
  readonly createdAt: number;
  readonly input: StoredOutput;
  readonly code?: Code;
  /** What the texts stand for that tasks name their own code by; fixed when the run was submitted. */
  readonly codes?: Codes;
  readonly tags?: readonly string[];
  /** The workflow's own tasks. */
  readonly tasks: number;
  readonly chunkSize: number;
  readonly small: boolean;
  readonly state: RunState;
  readonly generation: number;
  readonly reason?: string;
  readonly fails?: boolean;
  readonly controls?: readonly string[];
  readonly rerun?: readonly number[] | 'failed';
  /** Spawn items in the order that gives their tasks numbers: those after the pages of `SEGMENTS#`. */
  readonly segments?: readonly SegmentRow[];
  readonly segmentPages?: number;
  /** Tasks whose own work a rerun began anew, so that what they spawned before no longer counts. */
  readonly renewals?: readonly Renewal[];
  /**
   * When the run must be looked at, epoch ms: it is in the index by that. Absent when it has ended, and until its first
   * visit when it was submitted together with others: then it is in their list.
   */
  readonly wakeAt?: number;
  /** At its last visit: for how long the next one was put off, and how often the run had been saved by then. */
  readonly visit?: { readonly delayMs: number; readonly saves: number };
  readonly deadline?: number;
  readonly endedAt?: number;
  /** Of a small run: its progress. The bytes lie beside. */
  readonly progress?: JsonObject;
  /** Who archives has passed it by before its time: it is found by its end. */
  readonly late?: true;
  /** The part that it was archived in: what is left of it here only waits to vanish. */
  readonly archived?: string;
  /** When all that it rests on was last written again, so that it stays. */
  readonly renewedAt?: number;
}

export type SegmentRow = readonly [id: string, count: number];
export const segmentsPerPage = 256;

/** A pack's item data; `run` of a report only in mixed packs. */
export interface PackData {
  readonly owner: string;
  /** Of a mixed pack: when it was made, by its runner's clock. */
  readonly at?: number;
  readonly reports: readonly JsonObject[];
}

export interface HeartbeatData {
  readonly at: number;
  readonly leaseUntil: number;
  readonly pool: string;
  readonly slots: number;
  readonly holds: readonly HeldRow[];
  readonly counts?: CountsRow;
}
/** What the runner has done since it began, in all. */
export type CountsRow = readonly [since: number, ended: number, servedMs: number, messages: number];
export type HeldRow = readonly [
  run: string,
  task: number,
  attempt: number,
  since: number,
  beat: { readonly step?: string; readonly stepAt?: number; readonly progress?: number } | null,
];

/** Runs to be looked at for the first time. */
export interface WakeList {
  readonly runs: readonly string[];
  /** For how long it was put off the last time, ms. */
  readonly delayMs: number;
}

/** Packages of code by name, each with what was pushed last. */
export const packageListPartition = (namespace: string, shard: string): string =>
  `${namespace}/PACKAGES#${shard}`;
export const packageKey = (sharding: Sharding, name: string): Key => ({
  partition: packageListPartition(sharding.namespace, shardOf(sharding, name)),
  sort: name,
});
/** The versions of a package by their digest. */
export const packageVersionsPartition = (namespace: string, name: string): string =>
  `${namespace}/PACKAGE#${name}`;
export const packageVersionKey = (namespace: string, name: string, digest: string): Key => ({
  partition: packageVersionsPartition(namespace, name),
  sort: digest,
});

/** Where an installation lies that runners share. */
export const installedKey = (namespace: string, key: string): Key => ({
  partition: `${namespace}/INSTALLED#${key}`,
  sort: 'ARCHIVE',
});

/** Parts of archived runs are listed by the month of their newest run. */
export const archivePartition = (namespace: string, at: number): string =>
  `${namespace}/ARCHIVE#${new Date(at).toISOString().slice(0, 7)}`;
/** How far in a shard's runs, in the order in which they were created, everything was archived. */
export const archivePlaceKey = (namespace: string, shard: string): Key => ({
  partition: `${namespace}/ARCHIVE`,
  sort: `PLACE#${shard}`,
});
/** Where an archived run is, whose id does not tell when it was created. */
export const archivedKey = (sharding: Sharding, run: string): Key => ({
  partition: indexPartition(sharding, 'ARCHIVED', run),
  sort: run,
});
/** Late runs that have ended, by their end. */
export const endedPartition = (namespace: string, shard: string): string =>
  `${namespace}/ENDED#${shard}`;

export const asData = (value: object): JsonObject => value as JsonObject;
export const fromData = <T>(data: JsonObject): T => data as unknown as T;

export const jsonBytes = (value: Json): number => {
  const text = JSON.stringify(value);
  return text.length < 1024 ? text.length : new TextEncoder().encode(text).length;
};
