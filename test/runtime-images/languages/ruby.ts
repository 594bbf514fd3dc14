import { join } from 'node:path';
import { type Language, lacks } from '../language.ts';

const fixture = join(import.meta.dirname, '../../..', 'runtime-images', 'ruby', 'fixture');

export const ruby: Language = {
  name: 'ruby',
  missing: () => lacks(['ruby', '-rjson', '-e', "exit(RUBY_VERSION >= '3.1')"]),
  build: () => {},
  run: {
    program: (task) => ({
      kind: 'script',
      language: 'ruby',
      path: join(fixture, 'program.rb'),
      args: [task],
    }),
    function: (task) => ({
      kind: 'function',
      language: 'ruby',
      path: join(fixture, 'tasks.rb'),
      name: task,
    }),
  },
  cannot: {
    binary: 'Ruby is not compiled',
    'side-by-side': 'the harness does one thing after another',
  },
  errorName: 'RangeError',
};
