import { readdirSync, readFileSync } from 'node:fs';

/** A place in the code where a port is called, and how often it was, and was the death of its process. */
export interface CallPlace {
  readonly place: string;
  readonly calls: number;
  readonly before: number;
  readonly after: number;
}

/** Every place that called a port, by the counters of runs that noted them. */
export function censusOf(counts: ReadonlyMap<string, number>): readonly CallPlace[] {
  const places = [...counts.keys()].flatMap(
    (name) => /^call at ((?:src\/|feed\.).*)$/.exec(name)?.[1] ?? [],
  );
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

/** Calls that no simulated process makes, by file and what their line says, and why that is no gap. */
export const outOfReach: readonly { file: string; call: string; why: string }[] = [
  { file: 'src/engine/create-engine.ts', call: '', why: 'lists and logs: writes nothing' },
  { file: 'src/engine/events.ts', call: '', why: 'what happened, for who looks: writes nothing' },
  { file: 'src/engine/inspect.ts', call: '', why: 'how a run is, for who looks: writes nothing' },
  { file: 'src/engine/tasks.ts', call: '', why: 'pages of tasks, for who looks: writes nothing' },
  {
    file: 'src/engine/save-run.ts',
    call: 'asData({ rows })',
    why: 'a page of 256 spawns that left META: runs here are far smaller; test/engine/save-run.test.ts',
  },
  { file: 'src/engine/list-runs.ts', call: '', why: 'lists, for who looks: writes nothing' },
  { file: 'src/engine/archive.ts', call: '', why: 'archived runs, for who looks: writes nothing' },
  {
    file: 'src/engine/archive-part.ts',
    call: 'packed(',
    why: 'the rows of a run too large for one blob: runs here are far smaller',
  },
  {
    file: 'src/engine/control-run.ts',
    call: 'table.remove(item',
    why: 'a run that is archived between two calls: too short a time to be met',
  },
  {
    file: 'src/engine/renew.ts',
    call: '',
    why: 'what runs that are open for long rest on: worlds are over before; test/engine/archive.test.ts',
  },
  {
    file: 'src/engine/code.ts',
    call: '',
    why: 'folders of code: tasks here have none; test/engine/code.test.ts',
  },
  {
    file: 'src/runner/code-cache.ts',
    call: '',
    why: 'folders of code: tasks here have none; test/runner/code.test.ts',
  },
  {
    file: 'src/engine/expected-work.ts',
    call: '',
    why: 'capacity: pools are not simulated; test/engine/scale.test.ts',
  },
  {
    file: 'src/engine/scale.ts',
    call: '',
    why: 'capacity: pools are not simulated; test/engine/scale.test.ts',
  },
  {
    file: 'src/engine/scale-ticks.ts',
    call: '',
    why: 'capacity: pools are not simulated; test/engine/scale.test.ts',
  },
  {
    file: 'src/engine/waking-queue.ts',
    call: '',
    why: 'capacity: pools are not simulated; test/engine/waking-queue.test.ts',
  },
];

const root = new URL('../../../', import.meta.url);
const engineFolders = ['src/engine', 'src/runner'];
const portCall =
  /^(?! *\/?\*).*\b(?:table|queue|blobs|feed|logs|provisioner)\.(?:get|getMany|query|put|putMany|remove|index|send|take|extend|depth|has|append|read|set)\(/;

interface PlaceInCode {
  readonly place: string;
  readonly file: string;
  readonly text: string;
}

/** Every place in engine and runner that calls a port, as its code says. */
export function placesInCode(): readonly PlaceInCode[] {
  return engineFolders.flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, root))
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => placesIn(`${folder}/${name}`)),
  );
}

const placesIn = (file: string): readonly PlaceInCode[] =>
  readFileSync(new URL(file, root), 'utf8')
    .split('\n')
    .map((text, n) => ({ place: `${file}:${n + 1}`, file, text }))
    .filter(({ text }) => portCall.test(text));

/** Places in the code that no simulated process came to, though nothing is said of why. */
export function unreached(places: readonly CallPlace[]): readonly string[] {
  const reached = new Set(places.map(({ place }) => place.split(' ', 1)[0]));
  const explained = ({ file, text }: PlaceInCode): boolean =>
    outOfReach.some((one) => one.file === file && text.includes(one.call));
  return placesInCode()
    .filter((one) => !reached.has(one.place) && !explained(one))
    .map(({ place }) => place);
}

export function censusTable(places: readonly CallPlace[]): string {
  const line = (name: string, ...cells: readonly (string | number)[]): string =>
    [name.padEnd(58), ...cells.map((cell) => String(cell).padStart(9))].join(' ');
  const rows = places.map(({ place, calls, before, after }) => line(place, calls, before, after));
  return [line('called at', 'calls', 'before', 'after'), ...rows].join('\n');
}
