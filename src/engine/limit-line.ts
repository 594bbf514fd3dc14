import type { SlotRef } from '../contract/task-message.ts';
import type { Place } from '../core/limits.ts';
import type { Ports } from '../ports/ports.ts';
import type { Item, Put } from '../ports/table.ts';
import { asData, fromData } from './items.ts';
import { limitPartition, limitSorts } from './limit-items.ts';
import type { AttemptName } from './lost.ts';
import { pagesOf } from './pages.ts';
import type { EngineSettings } from './settings.ts';

/** Who waits for a place. */
export interface Waiter extends AttemptName {
  /** Its place in the line. */
  readonly sort: string;
  readonly group: string;
  readonly generation: number;
  readonly units: number;
  /** What it has of places before. */
  readonly slots: readonly SlotRef[];
  /** Epoch ms. */
  readonly at: number;
}

type WaitData = Omit<Waiter, 'sort' | 'group'>;

export const waitPut = (partition: string, { sort, group: _group, ...data }: Waiter): Put => ({
  item: { partition, sort, version: 1, data: asData(data) },
  condition: 'absent',
});

export function waiterOf({ sort, data }: Item): Waiter {
  const group = sort.slice(limitSorts.wait.length, sort.indexOf('#', limitSorts.wait.length));
  return { sort, group, ...fromData<WaitData>(data) };
}

/** Sorts after all that begin with the text before it and a `#`, and before all else. */
const past = '$';

const pageMax = 20;

/** The line of a place: groups in turn, in each the first one first. */
export class Line {
  readonly #table: Ports['table'];
  readonly #partition: string;
  readonly #grouped: boolean;
  /** How far each group's line was read. */
  readonly #read = new Map<string, AsyncGenerator<Waiter>>();
  #turn: string;

  constructor(
    { table }: Pick<Ports, 'table'>,
    { namespace }: EngineSettings,
    place: Pick<Place, 'name' | 'kind'>,
    turn = '',
  ) {
    this.#table = table;
    this.#partition = limitPartition(namespace, place.name);
    this.#grouped = place.kind !== 'key';
    this.#turn = turn;
  }

  async isEmpty(): Promise<boolean> {
    return (await this.#groupAfter(undefined)) === undefined;
  }

  /** The next one whose turn it is; each once. */
  async next(): Promise<Waiter | undefined> {
    if (!this.#grouped) return this.#nextOf('');
    const after = await this.#nextBetween(this.#turn, undefined);
    return after ?? this.#nextBetween(undefined, this.#turn);
  }

  /** All of the run of this one is passed by. */
  passBy({ group, sort }: Waiter): void {
    const [time = '', run = ''] = sort.slice(limitSorts.wait.length + group.length + 1).split('#');
    this.#read.set(
      group,
      this.#readFrom(group, `${limitSorts.wait}${group}#${time}#${run}${past}`),
    );
  }

  /** Of the first group after `from`, and not after `to`, that has one. */
  async #nextBetween(from: string | undefined, to: string | undefined) {
    for (let group = await this.#groupAfter(from); group !== undefined; ) {
      if (to !== undefined && group > to) return undefined;
      const waiter = await this.#nextOf(group);
      if (waiter !== undefined) {
        this.#turn = group;
        return waiter;
      }
      group = await this.#groupAfter(group);
    }
    return undefined;
  }

  async #nextOf(group: string): Promise<Waiter | undefined> {
    let line = this.#read.get(group);
    if (line === undefined) {
      line = this.#readFrom(group, `${limitSorts.wait}${group}#`);
      this.#read.set(group, line);
    }
    return (await line.next()).value;
  }

  async *#readFrom(group: string, from: string): AsyncGenerator<Waiter> {
    const to = `${limitSorts.wait}${group}${past}`;
    const range = { partition: this.#partition, from, to, limit: pageMax };
    for await (const items of pagesOf(this.#table, range)) yield* items.map(waiterOf);
  }

  async #groupAfter(group: string | undefined): Promise<string | undefined> {
    const from = group === undefined ? limitSorts.wait : `${limitSorts.wait}${group}${past}`;
    const range = { partition: this.#partition, from, to: `WAIT${past}`, limit: 1 };
    for await (const items of pagesOf(this.#table, range))
      if (items[0] !== undefined) return waiterOf(items[0]).group;
    return undefined;
  }
}
