import { join } from 'node:path';
import { type FixtureTask, type Language, lacks } from '../language.ts';

const fixture = join(import.meta.dirname, '../../..', 'runtime-images', 'perl', 'fixture');
/** A name that Perl has for something of its own. */
const named = (task: FixtureTask) => (task === 'wait' ? 'wait_until_told' : task);

export const perl: Language = {
  name: 'perl',
  // Where there is only Perl's base, its JSON is missing.
  missing: () => lacks(['perl', '-MJSON::PP', '-e', '1']),
  build: () => {},
  run: {
    program: (task) => ({
      kind: 'script',
      language: 'perl',
      path: join(fixture, 'program.pl'),
      args: [named(task)],
    }),
    function: (task) => ({
      kind: 'function',
      language: 'perl',
      path: join(fixture, 'tasks.pl'),
      name: named(task),
    }),
  },
  cannot: {
    binary: 'Perl is not compiled',
    stack: 'what Perl prints of an error that ends a program is one line',
    'side-by-side': 'Perl does one thing after another',
  },
  errorName: 'RangeError',
};
