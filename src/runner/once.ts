import { createHash } from 'node:crypto';
import type { ExecutorEvents, OnceAnswer, OnceAsk } from '../contract/execution.ts';
import type { Json } from '../contract/json.ts';
import { asData, fromData, type HeartbeatData, heartbeatKey, onceKey } from '../engine/items.ts';
import type { EngineSettings } from '../engine/settings.ts';
import type { Ports } from '../ports/ports.ts';
import type { Condition, Item } from '../ports/table.ts';
import type { Held } from './held.ts';
import { insist } from './insist.ts';

/** JSON characters of what an effect gave. */
export const onceValueMax = 64 * 1024;
const keyMax = 1000;
/** After this time somebody who waits for another's effect asks again. */
const askAgainMs = 500;

type Needs = Pick<Ports, 'table' | 'clock'>;

/** Of an effect: which attempt is at it, in which runner, since when, and what it gave. */
interface OnceData {
  readonly key: string;
  readonly owner: string;
  readonly attempt: number;
  readonly at: number;
  readonly value?: Json;
}

/**
 * Remembers, with the run, what is to happen once for a task under a key. Who asks first is to do it; who comes
 * meanwhile waits, and who comes later gets what it gave. Of one that began and ended without a value, the next attempt
 * takes it over: that there is one says that it is over.
 */
export class Once {
  readonly #ports: Needs;
  readonly #settings: EngineSettings;
  readonly #owner: string;

  constructor(ports: Needs, settings: EngineSettings, owner: string) {
    this.#ports = ports;
    this.#settings = settings;
    this.#owner = owner;
  }

  async ask(held: Pick<Held, 'run' | 'id' | 'attempt'>, asked: OnceAsk): Promise<OnceAnswer> {
    const error = mistakeIn(asked);
    if (error !== undefined) return { error };
    for (;;) {
      const answer = await insist(this.#ports, () => this.#try(held, asked));
      if (answer !== undefined) return answer;
    }
  }

  /** Undefined when another changed it meanwhile. */
  async #try(
    { run, id, attempt }: Pick<Held, 'run' | 'id' | 'attempt'>,
    { key, value }: OnceAsk,
  ): Promise<OnceAnswer | undefined> {
    const place = onceKey(this.#settings.namespace, run, hashOf(id, key));
    const known = await this.#ports.table.get(place);
    const before = known && fromData<OnceData>(known.data);
    const mine = { key, owner: this.#owner, attempt, at: this.#ports.clock.now() };
    const answer = await this.#judge(before, mine, value !== undefined);
    if (answer !== undefined) return answer;
    const data = asData(value === undefined ? mine : { ...mine, value });
    const version = (known?.version ?? 0) + 1;
    const done = await this.#put({ ...place, version, data }, known);
    if (!done) return undefined;
    return value === undefined ? { mine: true } : { kept: true };
  }

  async #put(item: Item, known: Item | undefined): Promise<boolean> {
    const condition: Condition = known === undefined ? 'absent' : { version: known.version };
    return (await this.#ports.table.put(item, condition)).done;
  }

  /** Undefined when it is to be written down that this attempt is at it, or what it gave. */
  async #judge(
    before: OnceData | undefined,
    mine: OnceData,
    isDone: boolean,
  ): Promise<OnceAnswer | undefined> {
    if (before === undefined) return undefined;
    if (before.value !== undefined) return { value: before.value };
    const isMine = before.owner === mine.owner && before.attempt === mine.attempt;
    if (isMine) return isDone ? undefined : { mine: true };
    if (before.attempt > mine.attempt) return { error: 'a later attempt is at it' };
    if (before.attempt < mine.attempt) return undefined;
    if (isDone) return { error: 'another runner is at it' };
    return (await this.#isAlive(before)) ? { wait: askAgainMs } : undefined;
  }

  /** The same attempt in two runners: one message came twice. Who is at it is believed until its lease is over. */
  async #isAlive({ owner, at }: OnceData): Promise<boolean> {
    const item = await this.#ports.table.get(heartbeatKey(this.#settings, owner));
    const lease = item === undefined ? 0 : fromData<HeartbeatData>(item.data).leaseUntil;
    return Math.max(lease, at + this.#settings.leaseMs) > this.#ports.clock.now();
  }
}

function mistakeIn({ key, value }: OnceAsk): string | undefined {
  if (key === '' || key.length > keyMax) return `a key has 1 to ${keyMax} characters`;
  const length = value === undefined ? 0 : JSON.stringify(value).length;
  if (length > onceValueMax)
    return `what an effect gives may have ${onceValueMax} characters of JSON, not ${length}`;
  return undefined;
}

const hashOf = (task: string, key: string): string =>
  createHash('sha256')
    .update(JSON.stringify([task, key]))
    .digest('hex')
    .slice(0, 40);

/** Lets an executor's attempts ask for what is to happen once. */
export function withOnce(
  events: ExecutorEvents,
  once: Once,
  holdings: { get(key: number): Held | undefined },
): ExecutorEvents {
  const asked = async (key: number, ask: OnceAsk): Promise<OnceAnswer> => {
    const held = holdings.get(key);
    return held === undefined ? { error: 'the attempt is over' } : once.ask(held, ask);
  };
  return { ...events, asked };
}
