/** Keys of all that limits keep in the table. */
import type { Key } from '../ports/table.ts';
import { padded, type Sharding, shardOf, sortable } from './items.ts';
import type { AttemptName } from './lost.ts';

/** Slots, tokens and the line of one place of a limit. */
export const limitPartition = (namespace: string, place: string): string =>
  `${namespace}/LIMIT#${place}`;
export const limitSorts = {
  slot: 'SLOT#',
  wait: 'WAIT#',
  note: 'NOTE#',
  bucket: 'BUCKET',
} as const;
export const slotSort = (index: number): string =>
  `${limitSorts.slot}${index.toString().padStart(4, '0')}`;
const attemptSort = (run: string, task: number, attempt: number): string =>
  `${run}#${padded(task)}#${padded(attempt)}`;
/** In a group's line the run that was submitted first is first. */
export const waitSort = (
  group: string,
  createdAt: number,
  { run, task, attempt }: AttemptName,
): string => `${limitSorts.wait}${group}#${sortable(createdAt, attemptSort(run, task, attempt))}`;
/** That a rate's tokens were given to an attempt. */
export const noteSort = (one: AttemptName): string =>
  `${limitSorts.note}${attemptSort(one.run, one.task, one.attempt)}`;
/** Places that are in use, for who looks at all of them. */
export const placesPartition = (namespace: string, shard: string): string =>
  `${namespace}/LIMITS#${shard}`;
export const placeKey = (sharding: Sharding, place: string): Key => ({
  partition: placesPartition(sharding.namespace, shardOf(sharding, place)),
  sort: place,
});
/** What was set of a limit that workflows share. */
export const boundsPartition = (namespace: string): string => `${namespace}/BOUNDS`;
export const boundsKey = (namespace: string, limit: string): Key => ({
  partition: boundsPartition(namespace),
  sort: limit,
});
