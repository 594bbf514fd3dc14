/**
 * Goal: each mistake that an author can make is named, at its line and column, and several at once.
 * Method: one short file for each; `ref(…)` stands for a reference, since its braces would be read by the test itself.
 */
import { describe, expect, test } from '@jest/globals';
import { Problem } from '../../src/contract/problem.ts';
import { parseWorkflowText } from '../../src/definition/parse.ts';

const ref = (inner: string): string => `\${{ ${inner} }}`;

/** What is printed for a file: its mistakes, one a line. */
function mistakesOf(text: string, file = 'w.yaml'): string[] {
  try {
    parseWorkflowText(text, file);
  } catch (error) {
    if (error instanceof Problem && error.code === 'workflow-invalid')
      return error.message.split('\n').map((line) => line.replace(`${file}:`, ''));
    throw error;
  }
  return [];
}

/** A workflow whose task `a` begins in line 3, column 3. */
const withTask = (task: string): string => `name: n\ntasks:\n  a: ${task}\n  z: { run: x }\n`;

const cases: readonly [what: string, text: string, ...want: string[]][] = [
  // Resources.
  [
    'memory without a unit',
    withTask('{ run: x, resources: { memory: 512 } }'),
    '3:37 "memory" needs a unit, such as "512MB" or "4GB": not 512',
  ],
  [
    'cpu as a text, and a wrong word',
    withTask('{ run: x, resources: { cpu: two, ram: 4GB } }'),
    '3:34 "cpu" must be a number from 0.01 to 1024, not the text "two"',
    '3:39 unknown key "ram"',
  ],
  [
    'cpu beside the other keys',
    withTask('{ run: x, cpu: 2 }'),
    '3:16 unknown key "cpu" here: it belongs in "resources", as in resources: { cpu: … }',
  ],
  [
    'memory of calls that share a process',
    withTask('{ node: x, concurrency: 2, resources: { memory: 1GB } }'),
    '3:33 "memory" and "disk" cannot go with "concurrency": calls share a process',
  ],
  // Code.
  [
    'code that is neither a path nor a package',
    withTask('{ run: x, code: app/tasks }'),
    '3:22 "app/tasks" is neither a path nor a package (name, or name@digest); a path begins with "./", as "./app/tasks" does',
  ],
  ['a short digest', withTask('{ run: x, code: tool@12 }'), '3:22 "tool@12" is neither'],
  [
    'an unknown word for dependencies',
    withTask('{ run: x, dependencies: yes }'),
    '3:30 "dependencies" must be auto or off, not the text "yes"',
  ],
  ['no time to install', withTask('{ run: x, install-timeout: 0s }'), '3:33 '],
  // The text itself.
  ['an empty file', '', '1:1 the file is empty'],
  [
    'only a comment',
    '# nothing\n',
    '1:1 a workflow must be a map with "name" and "tasks", not nothing',
  ],
  ['a list', '- a\n', '1:1 a workflow must be a map with "name" and "tasks", not a list'],
  ['a bracket that is not closed', 'name: n\ntasks: {a: {run: x}\n', '3:1 '],
  ['quotes that are not closed', 'name: "n\ntasks:\n', '3:1 '],
  [
    'a tab as indentation',
    'name: n\ntasks:\n\ta: {run: x}\n',
    '3:1 tabs are not allowed as indentation',
  ],
  [
    'uneven indentation',
    'name: n\ntasks:\n    a: {run: x}\n  b: {run: x}\n',
    '4:1 all mapping items must start at the same column',
  ],
  [
    'two colons',
    'name: n: m\n',
    '1:7 nested mappings are not allowed in compact mappings: put a text that holds ": " in quotes, or on lines',
  ],
  [
    'a second document',
    'name: n\n---\nname: m\n',
    '2:1 a second document: a file holds one workflow',
  ],
  ['an alias without an anchor', withTask('*nope'), '3:6 the alias "nope" has no anchor above it'],
  [
    'an alias within its anchor',
    withTask('&x [*x]'),
    '3:10 the alias "x" stands for something that it is part of',
  ],
  ['a tag', withTask('!!js/function x'), '3:6 '],
  [
    'a binary',
    withTask('{ run: !!binary aGk= }'),
    '3:22 the tag "tag:yaml.org,2002:binary" is not supported',
  ],
  [
    'a merge key',
    withTask('{ <<: { run: x } }'),
    '3:8 merge keys "<<" are not supported: use "defaults"',
  ],
  ['a list as a key', 'name: n\n? [a]\n: b\n', '2:3 a key must be a plain text'],
  [
    'a key for prototypes',
    withTask('{ run: x, env: { __proto__: y } }'),
    '3:23 the key "__proto__" is not allowed',
  ],
  [
    'the same key twice',
    withTask('{ run: x, run: y }'),
    '3:16 duplicate key "run", which is in line 3 already',
  ],
  [
    'the same task twice',
    'name: n\ntasks:\n  a: {run: x}\n  a: {run: y}\n',
    '4:3 duplicate key "a", which is in line 3 already',
  ],
  [
    'the same number twice, written apart',
    'name: n\ntasks:\n  1: {run: x}\n  "1": {run: y}\n',
    '4:3 duplicate key "1", which is in line 3 already',
  ],
  [
    'a number that is not exact',
    withTask('{ run: x, with: { id: 12345678901234567890 } }'),
    '3:28 12345678901234567890 is too large to be exact: write it in quotes',
  ],
  [
    'a number beyond JSON',
    withTask('{ run: x, with: [.inf, 1e999] }'),
    '3:23 ".inf" is no number that JSON knows',
    '3:29 "1e999" is no number that JSON knows',
  ],
  [
    'a control character',
    'name: n\ntasks:\n  a\u0007b: {run: x}\n',
    '3:4 the control character U+0007 is not allowed',
  ],
  [
    'an unquoted reference in braces',
    withTask(`{ run: x, with: { a: ${ref('run.id')} } }`),
    '3:28 within { } and [ ] a reference must be in quotes',
  ],

  // Keys.
  [
    'an unknown key',
    withTask('{ run: x, need: z }'),
    '3:16 unknown key "need" (did you mean "needs"?)',
  ],
  [
    'a word of another tool',
    withTask('{ run: x, depends_on: z }'),
    '3:16 unknown key "depends_on" (did you mean "needs"?)',
  ],
  [
    'camel case',
    withTask('{ run: x, queueTimeout: 1s }'),
    '3:16 unknown key "queueTimeout" (did you mean "queue-timeout"?)',
  ],
  ['a key unlike any', withTask('{ run: x, xylophone: z }'), '3:16 unknown key "xylophone"'],
  [
    'a key with a control character',
    withTask('{ run: x, "a\\u001b[31m": z }'),
    '3:16 unknown key "a\\u001b[31m"',
  ],
  [
    'an unknown key on top',
    'nam: n\nname: n\ntasks: {a: {run: x}}\n',
    '1:1 unknown key "nam" (did you mean "name"?)',
  ],
  [
    'an unknown key in defaults',
    'name: n\ndefaults: { needs: x }\ntasks: {a: {run: x}}\n',
    '2:13 unknown key "needs"',
  ],
  [
    'an unknown key in retry',
    withTask('{ run: x, retry: { attemps: 3 } }'),
    '3:25 unknown key "attemps" (did you mean "attempts"?)',
  ],
  [
    'a schedule that is no expression',
    'name: n\nschedule: daily\ntasks: {a: {run: x}}\n',
    '2:11 "daily": it must have five fields (minute, hour, day, month, weekday), or six with seconds first',
  ],
  [
    'a schedule with an unknown key',
    'name: n\nschedule: { crn: "@daily" }\ntasks: {a: {run: x}}\n',
    '2:13 unknown key "crn" (did you mean "cron"?)',
  ],
  [
    'a schedule on a day that never comes',
    'name: n\nschedule:\n  cron: 0 0 31 6 *\ntasks: {a: {run: x}}\n',
    '3:9 "0 0 31 6 *": it never comes: no month that it names has such a day',
  ],
  [
    'a schedule that ends before it starts',
    'name: n\nschedule: { every: 5m, start: "2026-02-01", end: "2026-01-01" }\ntasks: {a: {run: x}}\n',
    '2:50 "end" is not after "start", so nothing would ever be due',
  ],
  [
    'a schedule of no kind',
    'name: n\nschedule: { overlap: skip }\ntasks: {a: {run: x}}\n',
    '2:11 a schedule has exactly one of "cron", "every" and "at"',
  ],
  [
    'a priority',
    withTask('{ run: x, priority: high }'),
    '3:16 "priority" is not supported yet by this version',
  ],
  [
    'a parallel limit',
    withTask('{ run: x, max-parallel: 3 }'),
    '3:16 "max-parallel" is not supported yet by this version',
  ],
  [
    'an image',
    withTask('{ image: a:b }'),
    '3:3 nothing to do',
    '3:8 "image" is not supported yet by this version',
  ],
  ['no name', 'tasks: {a: {run: x}}\n', '1:1 the workflow lacks "name"'],
  ['no tasks', 'name: n\n', '1:1 the workflow lacks "tasks"'],
  ['an empty map of tasks', 'name: n\ntasks: {}\n', '2:8 a workflow needs at least one task'],
  [
    'tasks as a list',
    'name: n\ntasks: [a]\n',
    '2:8 "tasks" must be a map of tasks, not a list: write each task as "id:" with its keys below',
  ],
  ['a task as a text', withTask('x'), '3:6 the task "a" must be a map, not the text "x"'],
  ['a task of nothing', withTask(''), '3:3 the task "a" must be a map, not nothing'],

  // Types.
  [
    'a number as the name',
    'name: 5\ntasks: {a: {run: x}}\n',
    '1:7 "name" must be a text, not the number 5: write it in quotes',
  ],
  ['a blank in the name', 'name: a b\ntasks: {a: {run: x}}\n', '1:7 "a b" is no name'],
  ['a slash in a task', 'name: n\ntasks:\n  a/b: {run: x}\n', '3:3 "a/b" is no name'],
  ['a bracket in a task', 'name: n\ntasks:\n  "a[1]": {run: x}\n', '3:3 "a[1]" is no name'],
  [
    'a time without a unit',
    withTask('{ run: x, timeout: 5 }'),
    '3:25 "timeout" needs a unit, such as "90s", "5m" or "2h": not 5',
  ],
  [
    'a time of nonsense',
    withTask('{ run: x, timeout: 5 min }'),
    '3:25 "timeout" must be a time, such as "90s", "5m" or "2h", not the text "5 min"',
  ],
  [
    'a time limit of nothing',
    withTask('{ run: x, timeout: 0s }'),
    '3:25 "timeout" must be longer than 0',
  ],
  [
    'a time of years',
    withTask('{ run: x, timeout: 500d }'),
    '3:25 "timeout" is longer than 366 days',
  ],
  [
    'retries as a text',
    withTask('{ run: x, retries: three }'),
    '3:25 "retries" must be a whole number from 0 to 9999, not the text "three"',
  ],
  [
    'retries below 0',
    withTask('{ run: x, retries: -1 }'),
    '3:25 "retries" must be a whole number from 0 to 9999, not the number -1',
  ],
  [
    'retry as a number',
    withTask('{ run: x, retry: 3 }'),
    '3:23 "retry" must be a map: write "retries" for a plain number',
  ],
  [
    'retries twice',
    withTask('{ run: x, retries: 2, retry: { attempts: 3 } }'),
    '3:16 "retries" and "attempts" of "retry" say the same: keep one',
  ],
  [
    'backoff twice',
    withTask('{ run: x, backoff: 1s, retry: { attempts: 3, backoff: 2s } }'),
    '3:16 "backoff" is given twice: here and in "retry"',
  ],
  [
    'backoff without retries',
    withTask('{ run: x, backoff: 1s }'),
    '3:16 "backoff" has no effect without "retries"',
  ],
  [
    'a backoff upside down',
    withTask('{ run: x, retries: 1, backoff: 5m..10s }'),
    '3:28 the shortest delay is longer than the longest, which is 10 s',
  ],
  [
    'a factor without effect',
    withTask('{ run: x, retries: 1, backoff: { shape: linear, factor: 2 } }'),
    '3:28 "factor" has an effect only on the shape "exponential"',
  ],
  [
    'an unknown shape',
    withTask('{ run: x, retries: 1, backoff: { shape: cubic } }'),
    '3:46 "shape" must be exponential, linear, fixed or list, not the text "cubic"',
  ],
  [
    'an exit code too high',
    withTask('{ run: x, retry: { on: [{ exit-code: 256 }] } }'),
    '3:43 an exit code must be a whole number from 0 to 255, not the number 256',
  ],
  [
    'an unknown reason',
    withTask('{ run: x, retry: { on: [{ reason: timelimit }] } }'),
    '3:40 unknown reason "timelimit" (did you mean "time-limit"?)',
  ],
  [
    'a policy for every error',
    withTask('{ run: x, retry: { on: [{ action: fail }] } }'),
    '3:16 this matches every error',
  ],
  [
    'attempts of what fails',
    withTask('{ run: x, retry: { on: [{ error: E, action: fail, attempts: 3 }] } }'),
    '3:56 "attempts" has no effect where the action is "fail"',
  ],
  [
    'a flag as a text',
    withTask('{ run: x, may-fail: "yes" }'),
    '3:26 "may-fail" must be true or false, not the text "yes"',
  ],
  [
    'env with a number',
    withTask('{ run: x, env: { A: 1 } }'),
    '3:26 the variable "A" must be a text, not the number 1: write it in quotes',
  ],
  [
    'env with a bad name',
    withTask('{ run: x, env: { A-B: "1" } }'),
    '3:23 "A-B" is no variable\'s name',
  ],
  [
    'an unknown delivery',
    withTask('{ run: x, delivery: exactly-once }'),
    '3:26 "delivery" must be claimed, at-least-once or at-most-once, not the text "exactly-once"',
  ],
  [
    'an unknown rule',
    withTask('{ run: x, needs: z, when: all-suceeded }'),
    '3:32 unknown rule "all-suceeded" (did you mean "all-succeeded"?)',
  ],
  [
    'an expression as a rule',
    withTask('{ run: x, when: "input.a == 1" }'),
    '3:22 expressions in "when" are not supported yet by this version',
  ],
  [
    'at least none',
    withTask('{ run: x, needs: z, when: { at-least: 0% } }'),
    '3:44 "at-least" must be a number from 1, or from above 0% to 100%, not the text "0%"',
  ],
  ['a pool with a blank', withTask('{ run: x, pool: "a b" }'), '3:22 "a b" is no name'],

  // What a task does.
  ['nothing to do', withTask('{ needs: z }'), '3:3 nothing to do: give one of run, command'],
  [
    'two things to do',
    withTask('{ run: x, shell: y }'),
    '3:16 only one of "run" or "shell" can be given',
  ],
  [
    'run as a list',
    withTask('{ run: [a] }'),
    '3:13 "run" must be a text, not a list: write "command" in its place for a program and its arguments, "sequence" for steps',
  ],
  [
    'run as a map with another kind',
    withTask('{ run: { python: return 1 } }'),
    '3:13 "run" must be a text, not a map: write "python" in its place, not below it',
  ],
  [
    'run as a map in a step',
    withTask('{ sequence: [{ run: { function: "a.py:b" } }] }'),
    '3:26 "run" must be a text, not a map: write "function" in its place, not below it',
  ],
  [
    'run as a map in canonical form',
    withTask('{ run: { kind: shell, line: x } }'),
    '3:13 "run" must be a text, not a map: write one of "command", "shell", ',
  ],
  ['an empty line', withTask('{ run: "" }'), '3:13 "run" must not be empty'],
  [
    'a command as a text',
    withTask('{ command: ls -l }'),
    '3:17 "command" must be a list of texts, not the text "ls -l": write [program, argument], or "run" for a line for the shell',
  ],
  ['an empty command', withTask('{ command: [] }'), '3:17 "command" must not be empty'],
  [
    'an argument as a number',
    withTask('{ command: [sleep, 5] }'),
    '3:25 an argument must be a text, not the number 5',
  ],
  [
    'a function without a file',
    withTask('{ function: clean }'),
    '3:18 "clean" names no function: write "file.mjs#name", "file.py:name" or "program#name"',
  ],
  [
    'a script of no language',
    withTask('{ script: { path: a.lua } }'),
    '3:24 the ending of "a.lua" names no language: give "language"',
  ],
  ['a script without a path', withTask('{ script: { args: [] } }'), '3:8 "script" lacks "path"'],
  [
    'concurrency of a program',
    withTask('{ run: x.py, concurrency: 3 }'),
    '3:19 "concurrency" has an effect only on functions and code in node, python, java, binary',
  ],
  [
    'concurrency of a function in a language that does one thing at a time',
    withTask('{ function: x.sh, concurrency: 3 }'),
    '3:24 "concurrency" has an effect only on functions and code in node, python, java, binary',
  ],
  ['none of false', withTask('{ none: false }'), '3:14 "none" must be true, not the value false'],
  [
    'input of a task that does nothing',
    withTask('{ none: true, with: { a: 1 } }'),
    '3:20 "with" has no effect on a task that does nothing',
  ],
  [
    'an empty sequence',
    withTask('{ sequence: [] }'),
    '3:18 "sequence" must be a list of steps, not an empty list',
  ],
  [
    'a step with needs',
    withTask('{ sequence: [{ run: x, needs: z }] }'),
    '3:29 unknown key "needs"',
  ],
  ['a step of nothing', withTask('{ tandem: [{ name: s }] }'), '3:17 nothing to do'],
  [
    'the same step twice',
    withTask('{ tandem: [{ name: s, run: x }, { name: s, run: y }] }'),
    '3:46 the step "s" is there twice',
  ],
  [
    'a reference in a line',
    withTask(`{ run: "echo ${ref('run.id')}" }`),
    '3:13 references are read only in "with" and "each": give the value by "with"',
  ],
  [
    'a reference in env',
    withTask(`{ run: x, env: { A: "${ref('run.id')}" } }`),
    '3:26 references are read only in "with" and "each": give the value by "with"',
  ],

  // Needs.
  [
    'an unknown need',
    withTask('{ run: x, needs: y }'),
    '3:23 unknown need "y": there is no such task',
  ],
  [
    'an unknown need of several',
    withTask('{ run: x, needs: [z, extract] }'),
    '3:27 unknown need "extract": there is no such task',
  ],
  ['a need twice', withTask('{ run: x, needs: [z, z] }'), '3:27 "z" is needed twice'],
  ['itself', withTask('{ run: x, needs: a }'), '3:23 "a" needs itself'],
  [
    'a need as a number',
    withTask('{ run: x, needs: 5 }'),
    '3:23 "needs" must be a text, not the number 5: write it in quotes',
  ],
  [
    'a cycle',
    'name: n\ntasks:\n  a: {run: x, needs: c}\n  b: {run: x, needs: [a]}\n  c: {run: x, needs: [b]}\n',
    '3:22 tasks need each other in a cycle: a → c → b → a',
  ],
  [
    'two cycles',
    'name: n\ntasks:\n  a: {run: x, needs: b}\n  b: {run: x, needs: a}\n  c: {run: x, needs: [a, d]}\n  d: {run: x, needs: c}\n',
    '3:22 tasks need each other in a cycle: a → b → a',
    '5:26 tasks need each other in a cycle: c → d → c',
  ],
  [
    'a rule that cannot be met',
    withTask('{ run: x, when: any-failed }'),
    '3:16 the rule "any-failed" can never be met: there are no needs',
  ],
  [
    'at least more than all',
    withTask('{ run: x, needs: z, when: { at-least: 2 } }'),
    '3:26 at least 2 of 1 needs can never be met',
  ],

  // References.
  [
    'the output of no need',
    withTask(`{ run: x, with: { f: ["${ref('tasks.z.output')}"] } }`),
    '3:28 the output of "z" is used, but it is not among the needs',
  ],
  [
    'its own output',
    withTask(`{ run: x, with: "${ref('tasks.a.output')}" }`),
    '3:22 "a" cannot use its own output',
  ],
  [
    'an input that is not declared',
    `name: n\ninput: { day: string }\ntasks:\n  a:\n    run: x\n    with:\n      d: ${ref('input.days')}\n`,
    '7:10 the input "days" is not declared (did you mean "day"?)',
  ],
  [
    'an item without each',
    withTask(`{ run: x, with: "${ref('item')}" }`),
    `3:22 ${ref('item')} is known only within "each"`,
  ],
  [
    'a level that is not there',
    withTask(`{ run: x, each: [1], with: "${ref('items[1]')}" }`),
    `3:33 ${ref('items[1]')}: there are 1 levels of "each" here, from 0`,
  ],
  [
    'an item in the outermost each',
    withTask(`{ run: x, each: "${ref('item.files')}" }`),
    `3:22 ${ref('item.files')} is known only within "each"`,
  ],
  [
    'an operator',
    withTask(`{ run: x, with: { n: "${ref('index + 1')}" } }`),
    '3:27 unexpected "+ 1"',
  ],
  [
    'each as a text',
    withTask('{ run: x, each: files }'),
    '3:22 "each" must be a list, or one reference to a list and nothing else',
  ],
  [
    'each as text around a reference',
    withTask(`{ run: x, each: "a ${ref('input.x')}" }`),
    '3:22 "each" must be a list, or one reference to a list and nothing else',
  ],
  [
    'each as a number',
    withTask('{ run: x, each: 5 }'),
    '3:22 "each" must be a list or a reference to one, not the number 5',
  ],
  [
    'a mistake in an inner level',
    withTask(`{ run: x, each: { levels: [[1], "${ref('items[1]')}"] } }`),
    `3:38 ${ref('items[1]')}: there are 1 levels of "each" here, from 0`,
  ],
  [
    'a mistake in a step',
    withTask(`{ sequence: [x, { run: y, with: { q: "${ref('item')}" } }] }`),
    `3:43 ${ref('item')} is known only within "each"`,
  ],

  // What does not go together.
  [
    'at-least-once that fails when lost',
    withTask('{ run: x, delivery: at-least-once, on-lost: fail }'),
    '3:41 on-lost "fail" needs claims: it cannot go with delivery "at-least-once"',
  ],
  [
    'at-least-once of hours',
    withTask('{ run: x, delivery: at-least-once, timeout: 2h }'),
    '3:41 with delivery "at-least-once" a run limit is at most 1 h',
  ],
  [
    'at-most-once with retries',
    withTask('{ run: x, delivery: at-most-once, retries: 1 }'),
    '3:40 with delivery "at-most-once" there is never a second attempt: no retries',
  ],
  [
    'a default that does not fit',
    'name: n\ndefaults: { timeout: 2h }\ntasks:\n  a: { run: x, delivery: at-least-once }\n',
    '2:13 with delivery "at-least-once" a run limit is at most 1 h',
  ],

  // Input.
  [
    'an unknown type',
    'name: n\ninput: { day: { type: date } }\ntasks: {a: {run: x}}\n',
    '2:23 "type" must be string, number, integer, boolean, list, map or any, not the text "date"',
  ],
  [
    'no type',
    'name: n\ninput: { day: { default: x } }\ntasks: {a: {run: x}}\n',
    '2:10 the input "day" needs a type',
  ],
  [
    'a default of another type',
    'name: n\ninput: { n: { type: integer, default: 1.5 } }\ntasks: {a: {run: x}}\n',
    '2:39 the default must be of type integer, not the number 1.5',
  ],
  [
    'an input with a bad name',
    'name: n\ninput: { "a b": string }\ntasks: {a: {run: x}}\n',
    '2:10 "a b" is no name',
  ],
];

describe('a bad file is refused with file, line and column', () => {
  test.each(cases)('%s', (_what, text, ...want) => {
    const found = mistakesOf(text);
    expect(found).toEqual(want.map((line) => expect.stringContaining(line)));
    found.forEach((line, at) => {
      expect(line.startsWith(want[at] as string)).toBe(true);
    });
  });
});

test('several mistakes are told at once, in the order of the file', () => {
  const text = `name: n
tasks:
  a: { run: x, need: b, timeout: 5 }
  b: { run: x, needs: [c, d] }
  c: { needs: b }
`;
  expect(mistakesOf(text)).toEqual([
    '3:16 unknown key "need" (did you mean "needs"?)',
    '3:34 "timeout" needs a unit, such as "90s", "5m" or "2h": not 5',
    expect.stringContaining('4:24 tasks need each other in a cycle: b → c → b'),
    expect.stringContaining('4:27 unknown need "d"'),
    expect.stringContaining('5:3 nothing to do'),
  ]);
});

test('of many mistakes the first twenty are told', () => {
  const tasks = Array.from({ length: 30 }, (_, n) => `  t${n}: { run: x, oops: 1 }\n`).join('');
  const found = mistakesOf(`name: n\ntasks:\n${tasks}`);
  expect(found).toHaveLength(21);
  expect(found[19]).toContain('22:18 unknown key "oops"');
  expect(found[20]).toBe('and there may be more');
});

test('details carry file, line, column and pointer', () => {
  try {
    parseWorkflowText('name: n\ntasks:\n  a: { run: x, "a/b": 1 }\n', 'w.yaml');
  } catch (error) {
    expect((error as Problem).details).toEqual([
      {
        file: 'w.yaml',
        line: 3,
        column: 16,
        pointer: '/tasks/a/a~1b',
        message: 'unknown key "a/b"',
      },
    ]);
  }
  expect.assertions(1);
});

test('JSON has the same messages, and its own for what is no JSON', () => {
  expect(
    mistakesOf('{"name": "n",\n "tasks": {"a": {"run": "x", "need": "b"}}}', 'w.json'),
  ).toEqual(['2:30 unknown key "need" (did you mean "needs"?)']);
  expect(mistakesOf('{"name": "n",}', 'w.json')).toEqual([
    '1:14 expected a key in double quotes, found "}"',
  ]);
});
