import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');
const LINES_MAX = 300;

/** Files that may be longer, each with its reason. */
const longFiles: Readonly<Record<string, string>> = {};

/** Every file that is tracked, or will be: not ignored. */
const files = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(root, file)));

const bytesOf = (file: string) => readFileSync(join(root, file));
const textFiles = files.filter((file) => !bytesOf(file).subarray(0, 8000).includes(0));
const sources = files.filter((file) =>
  /^(src|cli|functions|infra|dashboard)\/.*\.(ts|tsx|mjs)$/.test(file),
);

function linesMatching(file: string, pattern: RegExp): string[] {
  const lines = bytesOf(file).toString('utf8').split('\n');
  return lines.flatMap((line, index) =>
    pattern.test(line) ? [`${file}:${index + 1}: ${line}`] : [],
  );
}

test('every file of the core has its test in the mirrored place', () => {
  const untested = files
    .filter((file) => /^src\/core\/.*\.ts$/.test(file))
    .map((file) => file.replace(/^src\/(.*)\.ts$/, 'test/$1.test.ts'))
    .filter((file) => !files.includes(file));
  expect(untested).toEqual([]);
});

test(`no source file is longer than ${LINES_MAX} lines without a reason`, () => {
  const long = sources.filter(
    (file) => bytesOf(file).toString('utf8').split('\n').length - 1 > LINES_MAX,
  );
  expect(long.filter((file) => !(file in longFiles))).toEqual([]);
});

test('every reason to be long is still needed', () => {
  const short = Object.keys(longFiles).filter((file) => !files.includes(file));
  expect(short).toEqual([]);
});

test('nothing is left to do later', () => {
  const pattern = new RegExp(['TO', 'DO|FIX', 'ME'].join(''));
  const code = files.filter((file) => /\.(ts|tsx|mjs|cjs|js|py|go|rs|java|rb|sh)$/.test(file));
  expect(code.flatMap((file) => linesMatching(file, pattern))).toEqual([]);
});

test('the lock file names no registry', () => {
  expect(
    linesMatching('package-lock.json', /"resolved": "(?!dashboard")|https?:\/\/[^"]*\.tgz/),
  ).toEqual([]);
});

test('no text file names a folder of one machine', () => {
  const pattern = new RegExp(['(^|[^\\w.~}>-])\\/(wo', 'rk|ro', 'ot|ho', 'me)\\/\\w'].join(''));
  const found = textFiles
    .filter((file) => basename(file) !== 'package-lock.json')
    .flatMap((file) => linesMatching(file, pattern));
  expect(found).toEqual([]);
});
