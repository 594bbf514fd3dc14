import { type Place, placeOrder } from '../core/limits.ts';
import { Unavailable } from '../ports/table.ts';
import type { Decider } from './decider.ts';
import { fromData, type Meta, metaKey } from './items.ts';
import { type Ask, askerOf, indexOf, isOpen, isWanted, ownPlace, sortIn } from './limit-ask.ts';
import { limitPartition } from './limit-items.ts';
import { Line, type Waiter, waitPut } from './limit-line.ts';
import {
  type Grant,
  giveBack,
  keepOne,
  openSlots,
  type PlaceAtHand,
  type Releasing,
} from './limit-place.ts';
import { neededPlaces, type SharedBounds } from './limits-of.ts';
import type { LoadedRun } from './loaded-run.ts';
import { keyOfAttempt } from './lost.ts';
import { mayPass } from './passing.ts';
import { notePlace } from './places.ts';
import { openRate } from './rate-place.ts';

interface Work {
  readonly place: Place;
  readonly asks: Ask[];
  readonly releases: (Releasing & { readonly wait: string | undefined })[];
}

const roundsMax = 50;
/** Granted at a time from one line. */
const turnsMax = 100;

/** Takes attempts through their places, and what that sets in motion, until nothing more can be granted. */
export class LimitQueue {
  readonly granted: Ask[] = [];
  readonly #decider: Decider;
  readonly #shared: SharedBounds;
  readonly #open = new Map<string, Work>();
  readonly #asks = new Map<string, Ask>();
  readonly #runs = new Map<string, LoadedRun | undefined>();

  constructor(decider: Decider, shared: SharedBounds) {
    this.#decider = decider;
    this.#shared = shared;
  }

  add(ask: Ask): void {
    const name = keyOfAttempt(ask);
    if (this.#asks.has(name)) return;
    this.#asks.set(name, ask);
    this.#runs.set(ask.run, ask.loaded);
    this.#goOn(ask);
  }

  release(place: Place, one: Releasing & { readonly wait: string | undefined }): void {
    this.#workAt(place).releases.push(one);
  }

  look(place: Place): void {
    this.#workAt(place);
  }

  async work(): Promise<void> {
    while (this.#open.size > 0) {
      const [first] = [...this.#open.values()].sort((a, b) => placeOrder(a.place, b.place));
      if (first === undefined) return;
      this.#open.delete(first.place.name);
      await this.#workOn(first);
      if (this.#open.size === 0) await this.#dropUnwanted();
    }
  }

  /** Who has left the lines is taken out of them. What was given twice, as others gave at the same time, is given back. */
  async done(): Promise<void> {
    const { ports, settings } = this.#decider;
    const leave = async (ask: Ask, { place, sort, taken }: Ask['waits'][number]): Promise<void> => {
      const partition = limitPartition(settings.namespace, place.name);
      const { done } = await ports.table.remove({ partition, sort }, { version: 1 });
      if (!done && taken) await keepOne(ports, settings, place.name, ask, ask.slots);
    };
    const asks = [...this.#asks.values()];
    await Promise.all(asks.flatMap((ask) => ask.waits.map((wait) => leave(ask, wait))));
  }

  #workAt(place: Place): Work {
    let work = this.#open.get(place.name);
    if (work === undefined) {
      work = { place, asks: [], releases: [] };
      this.#open.set(place.name, work);
    }
    return work;
  }

  #goOn(ask: Ask): void {
    const place = ask.places[ask.at];
    if (place === undefined) this.granted.push(ask);
    else this.#workAt(place).asks.push(ask);
  }

  async #workOn({ place, asks, releases }: Work): Promise<void> {
    if (asks.length > 0) await notePlace(this.#decider, place);
    if (releases.length > 0) await this.#release(place, releases);
    const left = await this.#enter(place, asks);
    if (left.length > 0) await this.#wait(place, left);
    if (left.length > 0 || asks.length === 0) await this.#serveLine(place);
  }

  async #release(place: Place, releases: Work['releases']): Promise<void> {
    const { ports, settings } = this.#decider;
    const partition = limitPartition(settings.namespace, place.name);
    const waits = releases.flatMap(({ wait }) => (wait === undefined ? [] : [wait]));
    await Promise.all(waits.map((sort) => ports.table.remove({ partition, sort }, 'any')));
    await (await openPlace(this.#decider, place)).release(releases);
  }

  /** Who has it already, or finds it free and nobody in the line, goes on. Returns the others. */
  async #enter(place: Place, asks: readonly Ask[]): Promise<readonly Ask[]> {
    const { ports, settings } = this.#decider;
    let left: readonly Ask[] = asks;
    for (let round = 0; round < roundsMax && left.length > 0; round++) {
      const here = await openPlace(this.#decider, place);
      left = await this.#standing(here, place, left);
      if (here.free === 0 || left.length === 0) return left;
      if (!(await new Line(ports, settings, place).isEmpty())) return left;
      const askers = left.slice(0, here.free);
      const answers = await here.grant(askers.map((ask) => askerOf(ask, place)));
      const waiting = left.slice(here.free);
      left = [...this.#passGranted(place, askers, answers), ...waiting];
      if (!answers.includes('contended')) return left;
    }
    return left;
  }

  async #standing(here: PlaceAtHand, place: Place, asks: readonly Ask[]): Promise<readonly Ask[]> {
    const standing = await here.standing(asks);
    return asks.filter((ask, i) => {
      const grant = standing[i];
      if (grant !== undefined) this.#pass(ask, place, grant, false);
      return grant === undefined;
    });
  }

  #passGranted<T extends Ask>(
    place: Place,
    asks: readonly T[],
    answers: readonly (Grant | string)[],
  ): readonly T[] {
    return asks.filter((ask, i) => {
      const answer = answers[i];
      if (answer === undefined || typeof answer === 'string') return true;
      this.#pass(ask, place, answer, true);
      return false;
    });
  }

  #pass(ask: Ask, place: Place, { slot, at, wait }: Grant, taken: boolean): void {
    ask.slots.push([place.name, slot ?? -1]);
    ask.notBefore = Math.max(ask.notBefore, at);
    if (wait !== undefined) ask.waits.push({ place, sort: wait, taken });
    ask.at++;
    this.#goOn(ask);
  }

  async #wait(place: Place, asks: readonly Ask[]): Promise<void> {
    const { ports, settings } = this.#decider;
    const partition = limitPartition(settings.namespace, place.name);
    const at = ports.clock.now();
    const puts = asks.map((ask) => {
      const { run, task, attempt, generation, slots } = ask;
      const { group, units } = ownPlace(ask, place);
      const sort = sortIn(place, ask);
      return waitPut(partition, { run, task, attempt, generation, slots, group, units, sort, at });
    });
    await ports.table.putMany(puts);
  }

  /** Grants what is free to who is first. Whoever puts himself in the line or frees something does this afterwards. */
  async #serveLine(place: Place): Promise<void> {
    for (let round = 0; round < roundsMax; round++) {
      const here = await openPlace(this.#decider, place);
      for (const waiter of await here.unsent()) await this.#resume(place, here, waiter);
      const chosen = await this.#choose(place, here);
      if (chosen.length === 0) return;
      const answers = await here.grant(
        chosen.map((ask) => askerOf(ask, place, sortIn(place, ask))),
      );
      this.#passGranted(place, chosen, answers);
      if (answers.every((answer) => answer === 'none')) return;
    }
    throw new Unavailable(`limit ${place.name}: still contended after ${roundsMax} rounds`);
  }

  /** Somebody died between granting a slot and sending its attempt. */
  async #resume(place: Place, here: PlaceAtHand, waiter: Waiter): Promise<void> {
    const ask = await this.#askSafely(place, waiter);
    if (typeof ask === 'string' || ask.at !== indexOf(ask, place)) return;
    await this.#standing(here, place, [ask]);
  }

  async #choose(place: Place, here: PlaceAtHand): Promise<readonly Ask[]> {
    const { ports, settings } = this.#decider;
    const line = new Line(ports, settings, place, here.turn);
    const chosen: Ask[] = [];
    while (chosen.length < Math.min(here.free, turnsMax)) {
      const waiter = await line.next();
      if (waiter === undefined) break;
      const ask = await this.#askSafely(place, waiter);
      if (ask === 'over') await this.#forget(place, waiter);
      else if (ask === 'unreadable') line.passBy(waiter);
      else if (ask.loaded.progress.head.state === 'paused') line.passBy(waiter);
      else if (ask.at === indexOf(ask, place)) {
        const left = await this.#standing(here, place, [ask]);
        chosen.push(...left);
      }
    }
    return chosen;
  }

  /** Of a run that can't be read nothing is said: it harms itself only. */
  async #askSafely(place: Place, waiter: Waiter): Promise<Ask | 'over' | 'unreadable'> {
    const known = this.#asks.get(keyOfAttempt(waiter));
    if (known !== undefined) return known;
    try {
      return (await this.#askOf(place, waiter)) ?? 'over';
    } catch (error) {
      if (mayPass(error)) throw error;
      return 'unreadable';
    }
  }

  /** Undefined: it is no longer wanted, now and for ever. */
  async #askOf(place: Place, waiter: Waiter): Promise<Ask | undefined> {
    const { run, task, attempt, generation, slots } = waiter;
    const loaded = await this.#load(run);
    if (loaded === undefined || !isOpen(loaded, waiter)) return undefined;
    const needed = await neededPlaces(this.#decider.outputs, this.#shared, loaded, task);
    if (needed.kind === 'error') return undefined;
    const at = needed.places.findIndex(({ name }) => name === place.name);
    if (at < 0) return undefined;
    const { places } = needed;
    const name = { run, task, attempt };
    const own = [...slots];
    const ask: Ask = {
      ...name,
      loaded,
      generation,
      places,
      at,
      slots: own,
      notBefore: 0,
      waits: [],
    };
    this.#asks.set(keyOfAttempt(ask), ask);
    return ask;
  }

  async #load(run: string): Promise<LoadedRun | undefined> {
    const { runs, settings } = this.#decider;
    if (!this.#runs.has(run)) this.#runs.set(run, await runs.look(run, !settings.soleDecider));
    return this.#runs.get(run);
  }

  /** Out of the line, and what it had on its way there is for others. */
  async #forget(place: Place, waiter: Waiter): Promise<void> {
    const { ports, settings } = this.#decider;
    const partition = limitPartition(settings.namespace, place.name);
    await ports.table.remove({ partition, sort: waiter.sort }, 'any');
    await giveBack(ports, settings, waiter, waiter.slots);
  }

  /**
   * What was granted here is looked at once more: who has cancelled the run before it was, did not find it. Of the two at
   * least one sees the other.
   */
  async #dropUnwanted(): Promise<void> {
    const { ports, settings } = this.#decider;
    const runs = [...new Set([...this.#asks.values()].map(({ run }) => run))];
    const items = await ports.table.getMany(runs.map((run) => metaKey(settings.namespace, run)));
    const metas = new Map(runs.map((run, i) => [run, items[i] && fromData<Meta>(items[i].data)]));
    for (const ask of [...this.#asks.values()]) {
      if (isWanted(ask, metas.get(ask.run))) continue;
      this.#asks.delete(keyOfAttempt(ask));
      const granted = this.granted.indexOf(ask);
      if (granted >= 0) this.granted.splice(granted, 1);
      const { namespace } = settings;
      for (const place of ask.places.slice(0, ask.at + 1)) {
        const partition = limitPartition(namespace, place.name);
        await ports.table.remove({ partition, sort: sortIn(place, ask) }, 'any');
        this.release(place, { ...ask, byRunner: false, wait: undefined });
      }
    }
  }
}

const openPlace = ({ ports, settings }: Decider, place: Place): Promise<PlaceAtHand> =>
  place.kind === 'rate' ? openRate(ports, settings, place) : openSlots(ports, settings, place);
