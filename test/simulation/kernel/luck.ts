import type { Site } from '../../../src/adapters/memory/gate.ts';
import { type Aim, isAimedAt, nameOf } from './aim.ts';
import type { Counters } from './counters.ts';
import {
  type CallFault,
  callFaults,
  type Fault,
  faultRatesMax,
  faults,
  localFaults,
  type Rates,
} from './faults.ts';
import { hashSeed, hashText, mix, Stream, unit } from './random.ts';

export interface LuckOptions {
  readonly seed: number;
  /** Virtual ms from when on nothing goes wrong any more. */
  readonly faultsUntil: number;
  /** Instead of those of `faultRatesMax`. */
  readonly ratesMax?: Partial<Rates>;
  /** Besides them. */
  readonly aims?: readonly Aim[];
  /** No fault at all, but at these rates. */
  readonly calm?: boolean | Partial<Rates>;
  /** Parts of the seed's bad luck that are left out: see `parts`. */
  readonly dropped?: ReadonlySet<string>;
  /** Whether single faults are listed among the `parts`. */
  readonly listFaults?: boolean;
}

/** The fate of one call. */
export interface Fate {
  fault: CallFault | undefined;
  /** After how many ms it arrives. */
  latencyMs: number;
  /** How much later the second half of what happens comes, in ms. */
  extraMs: number;
  /** Another draw, in [0, 1), for what the fault leaves open. */
  roll: number;
}

interface SiteInfo {
  readonly hash: number;
  readonly port: string;
  readonly rates: readonly number[];
  readonly total: number;
}

const SPARED = 0.3;
const OUTAGES_MAX = 4;
const outagePorts: readonly string[] = ['table', 'queue', 'blobs'];
/** Of all places in the code, so many are each seed's favourites: who calls a port there often dies of it. */
const FAVOURITES = 0.2;
const FAVOURITE_RATE = 0.5;
/** Then those who call there are left in peace: what comes after it is to be seen, too. */
const FAVOURITE_STRIKES = 4;
/** A place that nobody came to in so many calls is a rare one, and mostly fatal to who comes there first. */
const RARE_AFTER = 200;
const RARE_RATE = 0.7;

/**
 * All chance of one run. Whether a fault strikes depends on the seed and on which occasion it is (whose call, where,
 * the how many-th), never on what was drawn before: so one fault can be left out, and the others stay as they are.
 */
export class Luck {
  readonly rates: Rates;
  readonly counters: Counters;
  readonly #options: LuckOptions;
  readonly #sites = new Map<Site, SiteInfo>();
  readonly #occasions = new Map<string, { readonly hash: number; n: number }>();
  readonly #outages: { readonly port: string; readonly from: number; readonly to: number }[] = [];
  readonly #struck: string[] = [];
  readonly #struckAt = new Map<string, number>();
  #aims = 0;
  readonly #latencyMin: number;
  readonly #latencyMax: number;
  readonly #fate: Fate = { fault: undefined, latencyMs: 0, extraMs: 0, roll: 0 };

  constructor(options: LuckOptions, counters: Counters) {
    this.#options = options;
    this.counters = counters;
    const stream = new Stream(options.seed, 'rates');
    this.rates = this.#drawRates(stream);
    const steady = options.dropped?.has('latency') === true;
    this.#latencyMin = steady ? 1 : 0.2 + stream.next() * 4;
    this.#latencyMax = steady ? 1 : this.#latencyMin + stream.next() ** 2 * 80;
    this.#drawOutages(stream);
  }

  /** What could be left out of this run: whole kinds of faults, latency, outages, and each fault that struck. */
  get parts(): readonly string[] {
    const kinds = faults.filter((fault) => this.rates[fault] > 0).map((fault) => `rate ${fault}`);
    return [...kinds, ...(this.#options.aims ?? []).map(nameOf), 'latency', ...this.#struck];
  }

  /** Whether a fault strikes at the next occasion of its kind at this place. */
  strikes(fault: Fault, place: string, time: number): boolean {
    const rate = this.rates[fault];
    if (rate === 0 || time >= this.#options.faultsUntil) return false;
    const occasion = this.#occasion(`${fault} ${place}`);
    const n = occasion.n++;
    return unit(mix(occasion.hash, n)) < rate && this.allows(fault, place, n);
  }

  /** A number in [0, 1) for the next occasion with this label. */
  draw(label: string): number {
    const occasion = this.#occasion(label);
    return unit(mix(occasion.hash, occasion.n++));
  }

  /** The fate of a caller's n-th call at a site. The answer is only good until the next call of this method. */
  call(caller: number, name: string, site: Site, n: number, time: number, about?: unknown): Fate {
    const info = this.#siteInfo(site);
    const hash = mix(mix(caller, info.hash), n);
    const fate = this.#fate;
    const spread = unit(mix(hash, 1));
    fate.fault = undefined;
    fate.latencyMs = this.#latencyMin + spread ** 3 * (this.#latencyMax - this.#latencyMin);
    if (time >= this.#options.faultsUntil) return fate;
    const roll = unit(hash);
    fate.fault = this.#aimed(site, about, unit(mix(hash, 4)));
    if (fate.fault === undefined && roll < info.total) fate.fault = this.#pick(info, roll);
    if (fate.fault === undefined) return fate;
    if (!this.allows(fate.fault, `${name} ${site}`, n)) fate.fault = undefined;
    fate.extraMs = 1 + unit(mix(hash, 2)) ** 4 * 8_000;
    fate.roll = unit(mix(hash, 3));
    return fate;
  }

  /** Whether a caller dies of its next call at a place in the code: a favourite of this seed, or a rare one. */
  aimed(place: string, time: number): 'crash-before' | 'crash-after' | undefined {
    const { seed, faultsUntil } = this.#options;
    const occasion = this.#occasion(`aimed at ${place}`);
    const n = occasion.n++;
    const rare = n === 0 && this.#aims > RARE_AFTER;
    const favourite = unit(mix(occasion.hash, -1)) < FAVOURITES;
    const rate = rare ? RARE_RATE : favourite ? FAVOURITE_RATE : 0;
    const struck = this.#struckAt.get(place) ?? 0;
    this.#aims++;
    if (time >= faultsUntil || struck >= FAVOURITE_STRIKES) return undefined;
    if (unit(mix(occasion.hash, n)) >= rate) return undefined;
    const fault =
      unit(hashSeed(seed, `aims ${n} at ${place}`)) < 0.5 ? 'crash-before' : 'crash-after';
    if (!this.allows(fault, place, n)) return undefined;
    this.#struckAt.set(place, struck + 1);
    return fault;
  }

  /** Whether the port of this site answers nobody. */
  isOut(site: Site, time: number): boolean {
    if (this.#outages.length === 0) return false;
    const { port } = this.#siteInfo(site);
    return this.#outages.some(
      (outage) => outage.port === port && outage.from <= time && time < outage.to,
    );
  }

  /** Whether this one fault is not left out. Counts it, too. */
  allows(fault: Fault, place: string, n: number): boolean {
    const { dropped, listFaults } = this.#options;
    if (dropped !== undefined || listFaults) {
      const id = `${fault} ${place} #${n}`;
      if (dropped?.has(id)) return false;
      if (listFaults) this.#struck.push(id);
    }
    this.counters.add(fault);
    return true;
  }

  #drawRates(stream: Stream): Rates {
    const { ratesMax, calm, dropped } = this.#options;
    const rates = faults.map((fault) => {
      const [none, share] = [stream.next(), stream.next()];
      const max = ratesMax?.[fault] ?? faultRatesMax[fault];
      const left = dropped?.has(`rate ${fault}`);
      if (calm) return [fault, (!left && calm !== true && calm[fault]) || 0] as const;
      return [fault, left || none < SPARED ? 0 : max * share ** 1.5] as const;
    });
    return Object.fromEntries(rates) as Rates;
  }

  #drawOutages(stream: Stream): void {
    const { faultsUntil } = this.#options;
    for (let n = 0; n < OUTAGES_MAX; n++) {
      const [port, from, to] = [
        stream.pick(outagePorts),
        stream.next(),
        2_000 + stream.next() * 20_000,
      ];
      const strikes = stream.next() < (this.rates.outage * faultsUntil) / 60_000 / OUTAGES_MAX;
      if (!strikes || !this.allows('outage', port, n)) continue;
      const start = from * Math.max(0, faultsUntil - to);
      this.#outages.push({ port, from: start, to: Math.min(faultsUntil, start + to) });
    }
  }

  #aimed(site: Site, about: unknown, roll: number): CallFault | undefined {
    const { aims = [], dropped } = this.#options;
    const hit = aims.find((aim) => roll < aim.rate && isAimedAt(aim, site, about));
    return hit === undefined || dropped?.has(nameOf(hit)) ? undefined : hit.fault;
  }

  #pick(info: SiteInfo, roll: number): CallFault | undefined {
    let rest = roll;
    for (let i = 0; i < callFaults.length; i++) {
      rest -= info.rates[i] as number;
      if (rest < 0) return callFaults[i];
    }
    return undefined;
  }

  #siteInfo(site: Site): SiteInfo {
    let info = this.#sites.get(site);
    if (info === undefined) {
      const port = site.slice(0, site.indexOf('.'));
      const local = port === 'feed';
      const spared = unit(hashSeed(this.#options.seed, `spared ${port}`)) < 0.15;
      const rates = callFaults.map((fault) =>
        (local && !localFaults.includes(fault)) || spared ? 0 : this.rates[fault],
      );
      const total = rates.reduce((sum, rate) => sum + rate, 0);
      info = { hash: hashText(site), port, rates, total };
      this.#sites.set(site, info);
    }
    return info;
  }

  #occasion(label: string): { readonly hash: number; n: number } {
    let occasion = this.#occasions.get(label);
    if (occasion === undefined) {
      occasion = { hash: hashSeed(this.#options.seed, label), n: 0 };
      this.#occasions.set(label, occasion);
    }
    return occasion;
  }
}
