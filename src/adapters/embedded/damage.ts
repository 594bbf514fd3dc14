import { Problem } from '../../contract/problem.ts';

/** Something stored that is no longer what was written. */
export interface Damage {
  readonly file: string;
  /** What in the file: an item's partition and sort key, a line, a blob; empty: the file itself. */
  readonly place: string;
  readonly reason: string;
}

export function damageProblem({ file, place, reason }: Damage): Problem {
  const what = place === '' ? file : `${place} in ${file}`;
  return new Problem(
    'data-damaged',
    `${what} is damaged: ${reason}. Everything else is still served; restore this from a backup.`,
    [{ file, message: place === '' ? reason : `${place}: ${reason}` }],
  );
}

/** Damage for which a file cannot even be opened. */
export const unusable = (file: string, reason: string): Problem =>
  new Problem(
    'data-damaged',
    `${file} is damaged: ${reason}. Nothing in it can be served: restore it from a backup, or give another data folder.`,
    [{ file, message: reason }],
  );

/** Beyond so many different places, damage is still refused or skipped but no longer listed. */
const LISTED_MAX = 1000;

/** Remembers each damaged place once, and tells of it once. */
export class DamageList {
  readonly #found = new Map<string, Damage>();
  readonly #onDamage: (damage: Damage) => void;

  constructor(onDamage: (damage: Damage) => void = () => {}) {
    this.#onDamage = onDamage;
  }

  add(damage: Damage): void {
    const key = `${damage.file}\0${damage.place}`;
    if (this.#found.has(key) || this.#found.size >= LISTED_MAX) return;
    this.#found.set(key, damage);
    this.#onDamage(damage);
  }

  all(): readonly Damage[] {
    return [...this.#found.values()];
  }
}
