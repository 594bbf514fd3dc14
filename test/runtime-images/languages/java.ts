import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type FixtureTask, type Language, lacks, step } from '../language.ts';

const image = join(import.meta.dirname, '../../..', 'runtime-images', 'java');
/** A name that every object in Java has for something of its own. */
const named = (task: FixtureTask) => (task === 'wait' ? 'waitUntilTold' : task);

export const java: Language = {
  name: 'java',
  missing: () => lacks(['java', '-version'], ['javac', '-version'], ['jar', '--version']),
  build: (folder) => {
    mkdirSync(join(folder, 'classes'));
    const sources = join(image, 'src', 'main', 'java');
    const compile = ['javac', '-Xlint:all', '-Werror', '--release', '17', '-d', 'classes'];
    step(folder, [...compile, '-sourcepath', sources, join(image, 'fixture', 'Tasks.java')]);
    step(folder, [
      'jar',
      '--create',
      '--file=tasks.jar',
      '--main-class=Tasks',
      '-C',
      'classes',
      '.',
    ]);
  },
  run: {
    program: (task) => ({
      kind: 'script',
      language: 'java',
      path: 'tasks.jar',
      args: [named(task)],
    }),
    function: (task, concurrency) => ({
      kind: 'function',
      language: 'java',
      path: 'tasks.jar',
      name: named(task),
      ...(concurrency === undefined ? {} : { concurrency }),
    }),
  },
  cannot: { binary: 'a jar is a program that java runs' },
  memoryEnv: { JAVA_TOOL_OPTIONS: '-Xmx64m' },
  errorName: 'IllegalStateException',
};
