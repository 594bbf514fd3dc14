import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Language, lacks, step } from '../language.ts';

const root = join(import.meta.dirname, '../../..');
/** Kept from run to run, since the packages take longer than all the rest. */
const target = join(root, '.cache', 'rust');

export const rust: Language = {
  name: 'rust',
  missing: () => lacks(['cargo', '--version']),
  build: (folder, fast) => {
    const argv = ['cargo', 'build', '--quiet', '--locked', '--example', 'tasks'];
    if (fast) argv.push('--release');
    step(join(root, 'runtime-images', 'rust'), argv, { CARGO_TARGET_DIR: target });
    copyFileSync(
      join(target, fast ? 'release' : 'debug', 'examples', 'tasks'),
      join(folder, 'tasks'),
    );
  },
  run: {
    function: (name, concurrency) => ({
      kind: 'function',
      language: 'binary',
      path: 'tasks',
      name,
      ...(concurrency === undefined ? {} : { concurrency }),
    }),
    binary: (task) => ({ kind: 'command', argv: ['./tasks', task] }),
  },
  cannot: { program: 'Rust is compiled' },
  errorName: 'RangeError',
};
