import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Language } from '../contract/language.ts';

/** The files that our child processes run. */
export interface ProcessFiles {
  readonly launcher: string;
  readonly harness: Readonly<Record<Language, string>>;
}

/** With a folder given, all are in it; else where they are in the sources, or in `harness` beside a bundle. */
export function processFiles(folder: string | undefined): ProcessFiles {
  const here = import.meta.dirname;
  const images = join(here, '..', '..', 'runtime-images');
  const inSources = existsSync(join(here, 'launcher.mjs'));
  const base = folder ?? (inSources ? images : join(here, 'harness'));
  return {
    launcher:
      folder === undefined && inSources ? join(here, 'launcher.mjs') : join(base, 'launcher.mjs'),
    harness: {
      node: join(base, 'node', 'harness.mjs'),
      python: join(base, 'python', 'harness.py'),
      shell: join(base, 'bash', 'harness.bash'),
      perl: join(base, 'perl', 'harness.pl'),
      ruby: join(base, 'ruby', 'harness.rb'),
      php: join(base, 'php', 'harness.php'),
      java: join(base, 'java', 'harness.sh'),
    },
  };
}
