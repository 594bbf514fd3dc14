/** A place in the code where a port is called, and how often it was, and was the death of its process. */
export interface CallPlace {
  readonly place: string;
  readonly calls: number;
  readonly before: number;
  readonly after: number;
}

/** Every place that called a port, by the counters of runs that noted them. */
export function censusOf(counts: ReadonlyMap<string, number>): readonly CallPlace[] {
  const places = [...counts.keys()].flatMap((name) => /^call at (.*)$/.exec(name)?.[1] ?? []);
  return places.sort().map((place) => ({
    place,
    calls: counts.get(`call at ${place}`) ?? 0,
    before: counts.get(`crash-before at ${place}`) ?? 0,
    after: counts.get(`crash-after at ${place}`) ?? 0,
  }));
}

/** Places that a process never died at: what it promises there was not tried. */
export const untried = (places: readonly CallPlace[]): readonly CallPlace[] =>
  places.filter(({ before, after }) => before === 0 || after === 0);

export function censusTable(places: readonly CallPlace[]): string {
  const line = (name: string, ...cells: readonly (string | number)[]): string =>
    [name.padEnd(44), ...cells.map((cell) => String(cell).padStart(9))].join(' ');
  const rows = places.map(({ place, calls, before, after }) => line(place, calls, before, after));
  return [line('called at', 'calls', 'before', 'after'), ...rows].join('\n');
}
