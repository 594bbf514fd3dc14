import type { Capacity, Resources } from '../contract/resources.ts';

export const resourceKinds = ['cpu', 'memoryMb', 'diskMb', 'gpu'] as const;
export type ResourceKind = (typeof resourceKinds)[number];

/** Parts of processors are sums of fractions. */
const rounding = 1e-9;

/** The kinds of which more is asked for than there is. */
export const beyond = (asked: Resources, there: Capacity): readonly ResourceKind[] =>
  resourceKinds.filter((kind) => (asked[kind] ?? 0) > there[kind] + rounding);

/** How many that ask for this fit beside each other into what is free; infinitely many that ask for nothing. */
export function fitting(asked: Resources, free: Capacity): number {
  let count = Number.POSITIVE_INFINITY;
  for (const kind of resourceKinds) {
    const each = asked[kind] ?? 0;
    if (each > 0) count = Math.min(count, Math.floor((free[kind] + rounding) / each));
  }
  return Math.max(0, count);
}

/** What is left when `times` of them are taken out; with a negative number, put back. */
export const without = (there: Capacity, asked: Resources, times = 1): Capacity => ({
  cpu: there.cpu - times * (asked.cpu ?? 0),
  memoryMb: there.memoryMb - times * (asked.memoryMb ?? 0),
  diskMb: there.diskMb - times * (asked.diskMb ?? 0),
  gpu: there.gpu - times * (asked.gpu ?? 0),
});

const units: readonly (readonly [string, number])[] = [
  ['TB', 1024 * 1024],
  ['GB', 1024],
];

/** `512MB`, `4GB`: in the largest unit that keeps it a whole number. */
export function sizeText(mb: number): string {
  const [unit, size] = units.find(([, size]) => mb >= size && mb % size === 0) ?? ['MB', 1];
  return `${mb / size}${unit}`;
}

const words = { memoryMb: 'of memory', diskMb: 'of disk' } as const;

/** `2 cpu`, `4GB of memory`, `1 gpu`. */
export const amountText = (kind: ResourceKind, amount: number): string =>
  kind === 'cpu' || kind === 'gpu'
    ? `${Math.round(amount * 100) / 100} ${kind}`
    : `${sizeText(Math.floor(amount))} ${words[kind]}`;

/** All that is asked for, in one line. */
export const resourcesText = (asked: Resources): string =>
  resourceKinds
    .filter((kind) => (asked[kind] ?? 0) > 0)
    .map((kind) => amountText(kind, asked[kind] as number))
    .join(', ');
