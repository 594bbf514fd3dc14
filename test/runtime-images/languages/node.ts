import { join } from 'node:path';
import type { Language } from '../language.ts';

const fixture = join(import.meta.dirname, '../../..', 'runtime-images', 'node', 'fixture');

export const node: Language = {
  name: 'node',
  missing: () => undefined,
  build: () => {},
  run: {
    program: (task) => ({
      kind: 'script',
      language: 'node',
      path: join(fixture, 'program.mjs'),
      args: [task],
    }),
    function: (name, concurrency) => ({
      kind: 'function',
      language: 'node',
      path: join(fixture, 'tasks.mjs'),
      name,
      ...(concurrency === undefined ? {} : { concurrency }),
    }),
  },
  cannot: { binary: 'JavaScript is not compiled' },
  memoryEnv: { NODE_OPTIONS: '--max-old-space-size=60' },
  errorName: 'RangeError',
};
