import { join } from 'node:path';
import { type FixtureTask, type Language, lacks } from '../language.ts';

const fixture = join(import.meta.dirname, '../../..', 'runtime-images', 'php', 'fixture');

/** Names that PHP has for something of its own. */
const named = (task: FixtureTask) =>
  (({ echo: 'echo_input', wait: 'wait_until_told' }) as Record<string, string>)[task] ?? task;

export const php: Language = {
  name: 'php',
  missing: () =>
    lacks(['php', '-r', "exit(PHP_VERSION_ID >= 80100 && function_exists('pcntl_fork') ? 0 : 1);"]),
  build: () => {},
  run: {
    program: (task) => ({
      kind: 'script',
      language: 'php',
      path: join(fixture, 'program.php'),
      args: [named(task)],
    }),
    function: (task) => ({
      kind: 'function',
      language: 'php',
      path: join(fixture, 'tasks.php'),
      name: named(task),
    }),
  },
  cannot: {
    binary: 'PHP is not compiled',
    'side-by-side': 'the harness does one thing after another',
  },
  errorName: 'RangeException',
};
