import { join } from 'node:path';
import { type FixtureTask, type Language, lacks } from '../language.ts';

const fixture = join(import.meta.dirname, '../../..', 'runtime-images', 'bash', 'fixture');
/** Names that Bash has for something of its own. */
const named = (task: FixtureTask) =>
  (({ echo: 'echo_input', wait: 'wait_until_told' }) as Record<string, string>)[task] ?? task;

export const bash: Language = {
  name: 'bash',
  missing: () => lacks(['bash', '-c', '((BASH_VERSINFO[0] >= 5))']),
  build: () => {},
  run: {
    program: (task) => ({
      kind: 'script',
      language: 'shell',
      path: join(fixture, 'program.bash'),
      args: [named(task)],
    }),
    function: (task) => ({
      kind: 'function',
      language: 'shell',
      path: join(fixture, 'tasks.bash'),
      name: named(task),
    }),
  },
  cannot: {
    binary: 'Bash is not compiled',
    stack: 'of a function that has returned nothing is left',
    'error-name': 'an error is a number and what was said on stderr',
    'side-by-side': 'a shell does one thing after another',
  },
};
