import { join } from 'node:path';
import { type Language, lacks, step } from '../language.ts';

const sources = join(import.meta.dirname, '../../..', 'runtime-images', 'go');

export const go: Language = {
  name: 'go',
  missing: () => lacks(['go', 'version']),
  build: (folder) =>
    step(sources, ['go', 'build', '-o', join(folder, 'tasks'), './fixture'], { GOFLAGS: '' }),
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
  cannot: { program: 'Go is compiled' },
  errorName: 'RangeError',
};
