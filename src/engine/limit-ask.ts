import { isEnded } from '../contract/state.ts';
import type { SlotRef } from '../contract/task-message.ts';
import type { Place } from '../core/limits.ts';
import { isCurrent, isKnown } from '../core/progress.ts';
import { survivesCancel } from '../core/settle.ts';
import type { Meta } from './items.ts';
import { waitSort } from './limit-items.ts';
import type { Asker } from './limit-place.ts';
import type { LoadedRun } from './loaded-run.ts';
import type { AttemptName } from './lost.ts';

/** An attempt on its way through the places that it needs. */
export interface Ask extends AttemptName {
  readonly loaded: LoadedRun;
  readonly generation: number;
  readonly places: readonly Place[];
  /** The one it is at. */
  at: number;
  /** What it has. */
  readonly slots: SlotRef[];
  /** Epoch ms; 0: at once. */
  notBefore: number;
  /** Where it may still stand in lines; `taken`: it was given its slot from there, here. */
  readonly waits: { readonly place: Place; readonly sort: string; readonly taken: boolean }[];
}

/** Which of its places that is; -1: none. */
export const indexOf = ({ places }: Ask, place: Place): number =>
  places.findIndex(({ name }) => name === place.name);

/** Where it waits in that line. */
export const sortIn = (place: Place, ask: Ask): string =>
  waitSort(ownPlace(ask, place).group, ask.loaded.meta.createdAt, ask);

/** Those who share a place may each be of a group of their own, and take other numbers of tokens. */
export const ownPlace = (ask: Ask, place: Place): Place => ask.places[indexOf(ask, place)] ?? place;

export function askerOf(ask: Ask, place: Place, wait?: string): Asker {
  const { run, task, attempt, generation } = ask;
  const { group, units } = ownPlace(ask, place);
  return { run, task, attempt, generation, group, units, wait };
}

/** Whether its end is awaited. */
export function isOpen({ progress }: LoadedRun, { task, attempt }: AttemptName): boolean {
  return isKnown(progress, task, attempt) && isCurrent(progress, task, attempt);
}

/** Whether its run wants it, as its META says. */
export function isWanted({ generation, loaded, task }: Ask, meta: Meta | undefined): boolean {
  if (meta === undefined || meta.generation !== generation || isEnded(meta.state)) return false;
  return meta.state !== 'cancelling' || survivesCancel(loaded.progress.graph, task);
}
