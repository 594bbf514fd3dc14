import type { Report, Scenario } from './scenario.ts';

/**
 * The fewest of `parts` that still `fail`, as far as leaving out groups and single ones finds them (delta debugging).
 * `fails` of all parts is taken for granted. Ends after `triesMax` tries with what it has.
 */
export async function fewest<T>(
  parts: readonly T[],
  fails: (kept: readonly T[]) => Promise<boolean>,
  triesMax = 400,
): Promise<readonly T[]> {
  let kept = parts;
  let groups = 1;
  let tries = 0;
  const smallerThan = async (size: number): Promise<readonly T[] | undefined> => {
    for (let at = 0; at < kept.length; at += size) {
      const rest = [...kept.slice(0, at), ...kept.slice(at + size)];
      if (tries++ < triesMax && (await fails(rest))) return rest;
    }
    return undefined;
  };
  while (kept.length > 0) {
    const size = Math.ceil(kept.length / groups);
    const smaller = await smallerThan(size);
    if (smaller === undefined && size === 1) break;
    kept = smaller ?? kept;
    groups = smaller ? Math.max(1, groups - 1) : Math.min(kept.length, groups * 2);
  }
  return kept;
}

export interface Shrunk {
  /** Still with the violation of the same promise. */
  readonly report: Report;
  readonly dropped: ReadonlySet<string>;
  /** What is left of the parts: the faults, actors and tasks that it takes. */
  readonly kept: readonly string[];
}

/** A part that stands for many others, or is no single fault: left out before single faults are. */
const isCoarse = (part: string): boolean => !part.includes('#');

/** Leaves out of a violating run all that the violation does not need. */
export async function shrink(scenario: Scenario, violating: Report): Promise<Shrunk> {
  const { seed } = violating;
  const promise = violating.violation?.promise;
  const replay = (dropped: ReadonlySet<string>, trace = false) =>
    scenario.play(seed, { dropped, listFaults: true, trace });
  const without = async (given: ReadonlySet<string>, parts: readonly string[]) => {
    const kept = await fewest(parts, async (rest) => {
      const keep = new Set(rest);
      const dropped = [...given, ...parts.filter((part) => !keep.has(part))];
      return (await replay(new Set(dropped))).violation?.promise === promise;
    });
    return new Set([...given, ...parts.filter((part) => !kept.includes(part))]);
  };

  let dropped = await without(new Set(), violating.parts.filter(isCoarse));
  for (let round = 0; round < 2; round++) {
    const { parts } = await replay(dropped);
    dropped = await without(
      dropped,
      parts.filter((part) => !isCoarse(part)),
    );
    dropped = await without(
      dropped,
      parts.filter((part) => isCoarse(part) && !dropped.has(part)),
    );
  }
  const report = await replay(dropped, true);
  return { report, dropped, kept: report.parts.filter((part) => !dropped.has(part)) };
}

const LINES_MAX = 40;
/** What a reader can best do without: reads, and takes that gave nothing. */
const dull =
  /table\.(get|get-many|query|index) (?![A-Z])|queue\.take .* -> \[\]$|feed\.batch|queue\.depth/;

/** The story of a shrunk run, in at most 40 lines. */
export function story(shrunk: Shrunk): string {
  const { report, kept } = shrunk;
  const head = [
    `seed ${report.seed}: ${report.violation?.promise}: ${report.violation?.message.split('\n')[0]}`,
    `needs: ${
      kept
        .filter((part) => !part.startsWith('rate '))
        .join('; ')
        .slice(0, 600) || 'no fault'
    }`,
  ];
  const room = LINES_MAX - head.length;
  const all = report.trace ?? [];
  let lines = all.length > room ? all.filter((line) => !dull.test(line)) : all;
  if (lines.length > room) {
    const first = Math.floor(room / 3);
    const last = room - first - 1;
    const cut = lines.length - first - last;
    lines = [...lines.slice(0, first), `    … ${cut} lines …`, ...lines.slice(-last)];
  }
  return [...head, ...lines].join('\n');
}
