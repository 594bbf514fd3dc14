import type { PoolSize, Provisioner } from '../../ports/provisioner.ts';
import { withinCap } from '../pool-bounds.ts';
import { type Gate, openGate } from './gate.ts';

/** Pools whose runners somebody else starts and stops: `onSet` hears what is wanted, `running` says what is there. */
export class PoolStore {
  readonly #wanted = new Map<string, number>();
  readonly #running: (pool: string) => number;
  readonly #onSet: (pool: string, runners: number) => void;
  readonly #cap: number;

  constructor(
    running: (pool: string) => number = () => 0,
    onSet: (pool: string, runners: number) => void = () => {},
    cap: number = Number.POSITIVE_INFINITY,
  ) {
    this.#running = running;
    this.#onSet = onSet;
    this.#cap = cap;
  }

  read(pool: string): PoolSize {
    return { wanted: this.#wanted.get(pool) ?? 0, running: this.#running(pool) };
  }

  set(pool: string, runners: number): void {
    const count = withinCap(runners, this.#cap);
    this.#wanted.set(pool, count);
    this.#onSet(pool, count);
  }
}

/** One caller's way to the pools. */
export function memoryProvisioner(store: PoolStore, gate: Gate = openGate): Provisioner {
  return {
    read: (pool) => gate.pass('provisioner.read', () => store.read(pool), pool),
    set: (pool, runners) =>
      gate.pass('provisioner.set', () => store.set(pool, runners), { pool, runners }),
  };
}
