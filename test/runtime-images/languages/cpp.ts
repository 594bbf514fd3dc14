import { join } from 'node:path';
import { type Language, lacks, step } from '../language.ts';

const source = join(import.meta.dirname, '../../../runtime-images/cpp/fixture/tasks.c');

/** C and C++ have one header and one fixture, compiled as each. */
function compiledBy(
  name: string,
  compiler: readonly [string, ...string[]],
  rest: Partial<Language>,
) {
  const language: Language = {
    name,
    missing: () => lacks([compiler[0], '--version']),
    build: (folder, fast) =>
      step(folder, [
        ...compiler,
        fast ? '-O2' : '-O0',
        '-Wall',
        '-Wextra',
        '-Werror',
        '-pthread',
        source,
        '-o',
        'tasks',
      ]),
    run: {
      function: (task, concurrency) => ({
        kind: 'function',
        language: 'binary',
        path: 'tasks',
        name: task,
        ...(concurrency === undefined ? {} : { concurrency }),
      }),
      binary: (task) => ({ kind: 'command', argv: ['./tasks', task] }),
    },
    ...rest,
  };
  return language;
}

export const c = compiledBy('c', ['cc', '-std=c11'], {
  cannot: { program: 'C is compiled', stack: 'a failure in C is a return value' },
  errorName: 'range_error',
});

export const cpp = compiledBy('c++', ['c++', '-std=c++11', '-x', 'c++'], {
  cannot: { program: 'C++ is compiled', stack: 'C++ exceptions know no stack' },
  errorName: 'std::range_error',
});
