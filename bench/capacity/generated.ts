import { type Draws, draws } from './random.ts';
import { inOrder, type KnownWork, type Trace, type Work } from './trace.ts';

const HOUR = 3600;

interface Shape {
  readonly name: string;
  readonly hours: number;
  readonly meanS: number;
  readonly variation: number;
  /** Arrivals a second, at a time. */
  readonly rate?: (atS: number) => number;
  readonly rateMax?: number;
  readonly warmUpS?: number;
  readonly known?: readonly (KnownWork & { readonly cameS: number })[];
}

function trace(set: Trace['set'], shape: Shape, random: Draws): Trace {
  const endS = shape.hours * HOUR;
  const tasks: Work[] = [];
  const service = (meanS: number): number => random.lognormal(meanS, shape.variation);
  const { rate, rateMax = 0 } = shape;
  // Thinning: candidates at the highest rate, each kept with the chance that its time's rate gives it.
  if (rate !== undefined)
    for (let at = random.exponential(1 / rateMax); at < endS; at += random.exponential(1 / rateMax))
      if (random.next() * rateMax < rate(at))
        tasks.push({ atS: at, serviceS: service(shape.meanS) });
  for (const work of shape.known ?? [])
    for (let n = 0; n < work.tasks; n++)
      tasks.push({ atS: work.cameS, serviceS: service(work.serviceS) });
  const { name, known = [], warmUpS = 0 } = shape;
  return { name, set, endS, warmUpS, tasks: inOrder(tasks), known };
}

/** A level comes when its predecessors end, which takes about as long as they take on average. */
function level(random: Draws, fromS: number, meanS: number, tasks: number, serviceS: number) {
  const cameS = fromS + random.lognormal(meanS, 0.3);
  return { fromS, untilS: cameS, cameS, atS: fromS + meanS, tasks, serviceS };
}

/** A slot of a schedule is known to the millisecond, five minutes ahead. */
const slot = (atS: number, tasks: number, serviceS: number) => ({
  fromS: Math.max(0, atS - 300),
  untilS: atS,
  cameS: atS,
  atS,
  tasks,
  serviceS,
});

interface Episode {
  readonly fromS: number;
  readonly untilS: number;
  readonly rate: number;
}

/** Episodes of high rate, at any time, of any length between `shortS` and `longS`. */
function episodes(
  random: Draws,
  hours: number,
  gapS: number,
  long: readonly [number, number],
  rates: readonly [number, number],
): Episode[] {
  const found: Episode[] = [];
  const between = ([low, high]: readonly [number, number]): number =>
    low + (high - low) * random.next();
  let at = 120 + random.exponential(gapS);
  while (at < hours * HOUR) {
    const untilS = at + between(long);
    found.push({ fromS: at, untilS, rate: between(rates) });
    at = untilS + random.exponential(gapS);
  }
  return found;
}

const during =
  (all: readonly Episode[], quiet: number) =>
  (at: number): number =>
    quiet + (all.find(({ fromS, untilS }) => fromS <= at && at < untilS)?.rate ?? 0);

const wave =
  (low: number, high: number) =>
  (at: number): number =>
    low + ((high - low) * (1 - Math.cos((2 * Math.PI * at) / (24 * HOUR)))) / 2;

/** What the policy was made with. */
export function tuningTraces(): Trace[] {
  const random = draws(11);
  const make = (shape: Shape): Trace => trace('tuning', shape, random);
  const bursts = episodes(random, 4, 900, [60, 240], [10, 30]);
  const onOff = episodes(random, 2, 120, [60, 180], [5, 10]);
  return [
    make({
      name: 'steady',
      warmUpS: 600,
      hours: 2,
      meanS: 2,
      variation: 1,
      rate: () => 8,
      rateMax: 8,
    }),
    make({
      name: 'bursts',
      hours: 4,
      meanS: 1,
      variation: 1,
      rate: during(bursts, 0.05),
      rateMax: 31,
    }),
    make({ name: 'on-off', hours: 2, meanS: 2, variation: 1, rate: during(onOff, 0), rateMax: 10 }),
    make({
      name: 'daily-wave',
      warmUpS: 600,
      hours: 24,
      meanS: 3,
      variation: 1,
      rate: wave(0.05, 4),
      rateMax: 4,
    }),
    make({
      name: 'level-10000',
      hours: 2,
      meanS: 2,
      variation: 0.5,
      rate: () => 1,
      rateMax: 1,
      known: [level(random, 1200, 120, 10_000, 2), level(random, 4800, 120, 10_000, 2)],
    }),
    make({
      name: 'schedule',
      hours: 2,
      meanS: 2,
      variation: 0.5,
      rate: () => 0.5,
      rateMax: 0.5,
      known: Array.from({ length: 11 }, (_, n) => slot((n + 1) * 600, 300, 5)),
    }),
  ];
}

/** What it was not: other shapes, and the same shapes with other seeds and sizes. */
export function heldOutTraces(): Trace[] {
  const random = draws(7_654_321);
  const make = (shape: Shape): Trace => trace('held out', shape, random);
  const bursts = episodes(random, 4, 600, [30, 600], [2, 20]);
  const onOff = episodes(random, 3, 60, [20, 90], [2, 20]);
  const crowd = (at: number): number => 2 + (at > 4000 ? 38 * Math.exp(-(at - 4000) / 300) : 0);
  const step = (at: number): number => (at > 2400 && at < 4800 ? 12 : 1);
  const noisy = wave(0.5, 3);
  return [
    make({
      name: 'steady-long',
      warmUpS: 600,
      hours: 3,
      meanS: 30,
      variation: 1,
      rate: () => 1,
      rateMax: 1,
    }),
    make({
      name: 'heavy-tail',
      warmUpS: 600,
      hours: 3,
      meanS: 10,
      variation: 4,
      rate: () => 1.5,
      rateMax: 1.5,
    }),
    make({
      name: 'sparse',
      hours: 12,
      meanS: 20,
      variation: 1,
      rate: () => 1 / 300,
      rateMax: 1 / 300,
    }),
    make({ name: 'step', hours: 2, meanS: 1.5, variation: 1, rate: step, rateMax: 12 }),
    make({ name: 'flash-crowd', hours: 2, meanS: 1, variation: 1, rate: crowd, rateMax: 40 }),
    make({
      name: 'bursts-b',
      hours: 4,
      meanS: 4,
      variation: 1,
      rate: during(bursts, 0.2),
      rateMax: 20.2,
    }),
    make({
      name: 'on-off-b',
      hours: 3,
      meanS: 0.5,
      variation: 1,
      rate: during(onOff, 0.1),
      rateMax: 20.1,
    }),
    make({
      name: 'noisy-wave',
      warmUpS: 600,
      hours: 24,
      meanS: 5,
      variation: 2,
      rate: (at) => noisy(at) * (1 + 0.5 * Math.sin(at / 400) * Math.sin(at / 1700)),
      rateMax: 4.5,
    }),
    make({
      name: 'levels',
      hours: 2,
      meanS: 3,
      variation: 1,
      rate: () => 0.5,
      rateMax: 0.5,
      known: Array.from({ length: 24 }, (_, n) =>
        level(
          random,
          200 + n * 280,
          60 + 90 * random.next(),
          Math.ceil(50 * 40 ** random.next()),
          4,
        ),
      ),
    }),
  ];
}
