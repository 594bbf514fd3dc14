import { join } from 'node:path';
import { type Language, lacks } from '../language.ts';

const fixture = join(import.meta.dirname, '../../..', 'runtime-images', 'python', 'fixture');

export const python: Language = {
  name: 'python',
  missing: () => lacks(['python3', '--version']),
  build: () => {},
  run: {
    program: (task) => ({
      kind: 'script',
      language: 'python',
      path: join(fixture, 'program.py'),
      args: [task],
    }),
    function: (name, concurrency) => ({
      kind: 'function',
      language: 'python',
      path: join(fixture, 'tasks.py'),
      name,
      ...(concurrency === undefined ? {} : { concurrency }),
    }),
  },
  cannot: { binary: 'Python is not compiled' },
  errorName: 'ValueError',
};
