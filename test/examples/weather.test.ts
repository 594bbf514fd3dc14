import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RunView } from '../../src/contract/api.ts';
import { type Ended, fanfold, plainEnv, root } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'fanfold-weather-'));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));

/** A copy of the example, so that this folder stays as it is. */
function copyOfExample(name: string): string {
  const copy = join(folder, name);
  cpSync(join(root, 'examples/weather'), copy, {
    recursive: true,
    filter: (path) => basename(path) !== 'out',
  });
  return copy;
}

const packed = 'data/weather.csv.gz';
const run = (cwd: string, ...options: string[]): Promise<Ended> =>
  fanfold(['run', 'workflow.yaml', '--data', 'kept', '--json', ...options], { cwd });
const viewOf = ({ stdout }: Ended): RunView => JSON.parse(stdout) as RunView;
const widthOf = (view: RunView, task: string): number =>
  view.levels
    .flatMap(({ groups }) => groups)
    .filter((group) => group.task === task)
    .flatMap(({ counts }) => Object.values(counts))
    .reduce((sum, count) => sum + count, 0);

describe('the weather example', () => {
  let view: RunView;
  let report: string;

  beforeAll(async () => {
    const cwd = copyOfExample('whole');
    const ended = await run(cwd, '--input', 'resamples=1000');
    expect(ended).toMatchObject({ code: 0 });
    view = viewOf(ended);
    report = readFileSync(join(cwd, 'out/report.html'), 'utf8');
  });

  test('runs every task with success, as wide as its data', () => {
    expect(view.state).toBe('succeeded');
    expect(view.counts.succeeded).toBe(37);
    expect(widthOf(view, 'year')).toBe(1 + 8);
    expect(widthOf(view, 'month')).toBe(1 + 24);
  });

  test('gives the path of its report as output', () => {
    expect(view.outputs).toEqual({ report: join(folder, 'whole', 'out/report.html') });
  });

  test('writes what the data says', () => {
    for (const said of ['Seattle', 'New York', '2012 to 2015', '2,922 rows'])
      expect(report).toContain(said);
    // Two records that other sources tell of as well: the heat of July 2013, and the storm Sandy.
    expect(report).toContain('37.8 °C</span><small>18 July 2013');
    expect(report).toContain('16.2 m/s</span><small>29 October 2012');
  });

  test('draws a picture for every part', () => {
    expect(report.match(/<svg /g)).toHaveLength(8 + 2 + 1 + 1);
    for (const title of [
      'Every day',
      'Temperatures by month',
      'Chance of a wet day',
      'Rain and snow',
    ])
      expect(report).toContain(title);
  });

  test('needs nothing but the file', () => {
    expect(report).not.toMatch(/(src|href)=|@import|url\(/);
  });

  test('knows every number', () => {
    expect(report.replace(/<script>.*<\/script>/s, '')).not.toMatch(/NaN|undefined|\[object/);
  });
});

test('another table gives another width, without a change of the workflow', async () => {
  const cwd = copyOfExample('part');
  const lines = gunzipSync(readFileSync(join(cwd, packed)))
    .toString('utf8')
    .split('\n');
  const wanted = lines.filter((line) => /^(location|Seattle,201[34]-)/.test(line));
  writeFileSync(join(cwd, packed), gzipSync(`${wanted.join('\n')}\n`));
  const view = viewOf(await run(cwd, '--input', 'resamples=100'));
  expect(view.state).toBe('succeeded');
  expect(widthOf(view, 'year')).toBe(1 + 2);
  expect(widthOf(view, 'month')).toBe(1 + 12);
  expect(readFileSync(join(cwd, 'out/report.html'), 'utf8')).not.toContain('New York');
});

test('a damaged table fails its check, and nothing else is begun', async () => {
  const cwd = copyOfExample('damaged');
  const bytes = readFileSync(join(cwd, packed));
  bytes[1000] = (bytes[1000] ?? 0) ^ 255;
  writeFileSync(join(cwd, packed), bytes);
  const ended = await run(cwd);
  const { state, counts, failures } = viewOf(ended);
  expect(ended.code).toBe(1);
  expect(state).toBe('failed');
  expect(failures.map(({ task }) => task)).toEqual(['check']);
  expect(counts).toMatchObject({ succeeded: 0, failed: 1, skipped: 4 });
});

test('without Python it says what is missing', async () => {
  const cwd = copyOfExample('no-python');
  const tools = join(folder, 'bin');
  mkdirSync(tools);
  const env = plainEnv();
  for (const tool of ['sh', 'awk', 'gzip', 'head', 'mkdir', 'mkfifo', 'mv', 'wc'])
    symlinkSync(whereIs(tool, env.PATH ?? ''), join(tools, tool));
  const ended = await fanfold(['run', 'workflow.yaml', '--data', 'kept'], {
    cwd,
    env: { ...env, PATH: tools },
  });
  expect(ended.code).toBe(1);
  expect(ended.stdout).toContain('python3 could not be started: there is no such program');
});

function whereIs(tool: string, path: string): string {
  const found = path.split(delimiter).find((place) => existsSync(join(place, tool)));
  if (found === undefined) throw new Error(`${tool} is not in the PATH`);
  return join(found, tool);
}
