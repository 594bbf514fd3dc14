/** Looks at the machine that we are on. */
import { execFile } from 'node:child_process';
import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';

/** Some runtimes take their time for the first start. */
const ANSWER_MS_MAX = 20_000;

/** Some say it on stderr; and some with a blank line, or advice, before it. */
const versionLine = (said: string): string | undefined => {
  const lines = said.split('\n').map((line) => line.trim());
  return lines.find((line) => /\d/.test(line)) ?? lines.find((line) => line !== '');
};

export function versionOf(argv: readonly string[]): Promise<string | undefined> {
  const [file = '', ...args] = argv;
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  execFile(file, args, { timeout: ANSWER_MS_MAX }, (error, stdout, stderr) =>
    resolve(error === null ? versionLine(`${stdout}\n${stderr}`) : undefined),
  );
  return promise;
}

export function freeBytes(path: string): number {
  let place = path;
  while (!existsSync(place)) place = dirname(place);
  const { bavail, bsize } = statfsSync(place);
  return bavail * bsize;
}
