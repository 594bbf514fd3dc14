/** Draws canonical workflows of every kind, for laws that hold for all of them. */
import fc from 'fast-check';
import type { Json } from '../../src/contract/json.ts';
import { languages } from '../../src/contract/language.ts';
import {
  type Backoff,
  type Delivery,
  deliveries,
  type ErrorPolicy,
  failureReasons,
  type InputField,
  namedRules,
  type Retry,
  type Run,
  type Step,
  type Task,
  type Workflow,
} from '../../src/contract/workflow.ts';
import { canonicalize } from '../../src/definition/canonical.ts';

const name = fc
  .stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}$/)
  .filter((id) => id !== '__proto__');
const optional = { requiredKeys: [] };

/** Text without what is a reference, or refused: control characters are escaped in YAML, but for U+0000. */
const text = fc
  .oneof(
    fc.string({ minLength: 1 }),
    fc.string({ unit: 'grapheme', minLength: 1 }),
    fc.constantFrom(
      'a: b',
      '- x',
      ' ',
      'no',
      '1',
      '~',
      '#',
      "'",
      '"',
      'a\nb\n',
      '\t',
      '\u007f\u0085\u2028',
      '|',
      'x.py',
      'a b.py',
    ),
  )
  .map((drawn) => drawn.replaceAll('\0', '0').replaceAll('${{', '{'));
const json: fc.Arbitrary<Json> = fc
  .jsonValue({ maxDepth: 3 })
  .map((drawn) => JSON.parse(JSON.stringify(drawn, escaped)) as Json);
/** Whole numbers that are not exact are refused, references drawn by chance are, and the key of prototypes is. */
function escaped(_key: string, value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('${{', '{');
  if (typeof value === 'number')
    return Math.abs(value) > 2 ** 53 || Object.is(value, -0) ? 0 : value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== '__proto__'));
}

const concurrency = fc.option(fc.integer({ min: 1, max: 10_000 }), { nil: undefined });
const language = fc.constantFrom(...languages);
const warm = fc.constantFrom('node' as const, 'python' as const);
const plainRun: fc.Arbitrary<Run> = fc.oneof(
  fc.constant({ kind: 'none' as const }),
  fc.record({
    kind: fc.constant('command' as const),
    argv: fc.array(text, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('shell' as const), line: text }),
  fc.record({
    kind: fc.constant('script' as const),
    language,
    path: text,
    args: fc.array(text, { maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('script' as const),
    language: fc.constant('python' as const),
    path: name.map((n) => `${n}.py`),
    args: fc.array(name),
  }),
  fc.record({
    kind: fc.constant('function' as const),
    language: fc.constantFrom('node' as const, 'python' as const, 'binary' as const),
    path: text,
    name: text,
    concurrency,
  }),
  fc.record({ kind: fc.constant('function' as const), language, path: text, name: text }),
  fc.record({ kind: fc.constant('snippet' as const), language: warm, code: text, concurrency }),
  fc.record({
    kind: fc.constant('snippet' as const),
    language: fc.constant('shell' as const),
    code: text,
  }),
);
const stepsOf = (run: fc.Arbitrary<Run>): fc.Arbitrary<Step[]> =>
  fc
    .array(fc.record({ run, name, with: json }, { requiredKeys: ['run'] }), {
      minLength: 1,
      maxLength: 3,
    })
    .map((steps) => steps.map((step, at) => ('name' in step ? { ...step, name: `s${at}` } : step)));
const steps = fc.record({
  kind: fc.constantFrom('sequence' as const, 'tandem' as const),
  steps: stepsOf(plainRun),
});
const run: fc.Arbitrary<Run> = fc.oneof(
  { weight: 6, arbitrary: plainRun },
  { weight: 1, arbitrary: steps },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('tandem' as const), steps: stepsOf(steps) }),
  },
);

const ms = fc.oneof(
  fc.integer({ min: 1, max: 366 * 86_400_000 }),
  fc.constantFrom(1_000, 60_000, 86_400_000, 90_000),
);
const jitter = fc.constantFrom('full' as const, 'none' as const);
const backoff: fc.Arbitrary<Backoff> = fc.oneof(
  fc
    .record({
      delaysMs: fc.array(fc.integer({ min: 0, max: 300_000 }), { minLength: 1, maxLength: 3 }),
      jitter,
    })
    .map((drawn) => ({ ...drawn, shape: 'list' as const })),
  fc.record(
    {
      shape: fc.constantFrom('fixed' as const, 'linear' as const, 'exponential' as const),
      delayMsMin: fc.integer({ min: 0, max: 200_000 }),
      delayMsMax: fc.integer({ min: 200_000, max: 900_000 }),
      jitter,
    },
    optional,
  ),
  fc.record(
    { factor: fc.integer({ min: 1, max: 100 }), delayMsMin: fc.integer({ min: 0, max: 1_000 }) },
    optional,
  ),
);
const policy: fc.Arbitrary<ErrorPolicy> = fc.record(
  {
    match: fc.oneof(
      fc.record({
        exitCodes: fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 3 }),
      }),
      fc.record({
        errors: fc.array(text, { minLength: 1, maxLength: 2 }),
        reasons: fc.array(fc.constantFrom<string>(...failureReasons), {
          minLength: 1,
          maxLength: 2,
        }),
      }),
    ),
    action: fc.constant('retry' as const),
    attemptsMax: fc.integer({ min: 1, max: 10_000 }),
    backoff,
  },
  { requiredKeys: ['match', 'action'] },
);
const retry: fc.Arbitrary<Retry> = fc.record(
  {
    attemptsMax: fc.integer({ min: 1, max: 10_000 }),
    backoff,
    totalMs: ms,
    policies: fc.array(policy, { maxLength: 3 }),
  },
  optional,
);

const ofTypes: Readonly<Record<InputField['type'], fc.Arbitrary<Json>>> = {
  string: text,
  number: fc.integer().map((n) => n / 8),
  integer: fc.integer(),
  boolean: fc.boolean(),
  list: fc.array(json, { maxLength: 3 }),
  map: fc.dictionary(name, json, { maxKeys: 3 }).map((map) => ({ ...map })),
  any: json,
};
const field: fc.Arbitrary<InputField> = fc
  .constantFrom(...(Object.keys(ofTypes) as InputField['type'][]))
  .chain((type) =>
    fc.record(
      { type: fc.constant(type), default: ofTypes[type], description: text },
      { requiredKeys: ['type'] },
    ),
  );

const options = fc.record(
  {
    with: json,
    each: fc.array(fc.array(json, { maxLength: 3 }), { minLength: 1, maxLength: 3 }),
    pool: name,
    retry,
    limits: fc.record(
      { runMs: ms, graceMs: ms, queueMs: ms, heartbeatMs: ms, installMs: ms },
      optional,
    ),
    onLost: fc.constantFrom('retry' as const, 'fail' as const),
    lostMax: fc.integer({ min: 0, max: 10_000 }),
    mayFail: fc.boolean(),
    artifacts: fc.boolean(),
    code: fc.constantFrom('.', './app', 'tool', 'tool@0123456789abcdef'),
    dependencies: fc.constantFrom('auto' as const, 'off' as const),
    env: fc
      .dictionary(fc.stringMatching(/^[A-Z]{1,3}$/), text, { maxKeys: 2 })
      .map((map) => ({ ...map })),
    description: text,
    resources: fc.record(
      {
        cpu: fc.integer({ min: 1, max: 4096 }).map((n) => n / 4),
        memoryMb: fc.integer({ min: 1, max: 16 * 1024 * 1024 }),
        diskMb: fc.integer({ min: 1, max: 16 * 1024 * 1024 }),
        gpu: fc.integer({ min: 0, max: 8 }),
      },
      optional,
    ),
  },
  optional,
);

/** A task may need those before it, by chance. */
const taskOf = (id: string, before: readonly string[]): fc.Arbitrary<Task> =>
  fc
    .record({
      options,
      run,
      needs: fc.subarray([...before], { maxLength: Math.min(4, before.length) }),
      rule: fc.constantFrom(...namedRules),
      delivery: fc.constantFrom(...deliveries),
      ref: fc.boolean(),
    })
    .map(({ options, run, needs, rule, delivery, ref }) => {
      const task: Task = { id, run, ...options };
      if (needs.length > 0) Object.assign(task, { needs, rule });
      if (ref && needs.length > 0) task.with = { used: `\${{ tasks["${needs[0]}"].output.x }}` };
      if (run.kind === 'none') delete task.with;
      if (run.kind === 'none' || /"concurrency":/.test(JSON.stringify(run))) delete task.resources;
      return isAllowed(task, delivery) ? { ...task, delivery } : task;
    });

/** Whether the other options allow this delivery. */
function isAllowed(task: Task, delivery: Delivery): boolean {
  if (delivery === 'at-least-once') return task.onLost !== 'fail' && task.limits === undefined;
  return delivery === 'claimed' || (task.onLost === undefined && task.retry === undefined);
}

/** Sound workflows in canonical form. */
export const workflows: fc.Arbitrary<Workflow> = fc
  .record({
    name,
    ids: fc.uniqueArray(name, { minLength: 1, maxLength: 6 }),
    description: fc.option(text, { nil: undefined }),
    input: fc.option(fc.dictionary(name, field, { maxKeys: 3 }), { nil: undefined }),
    timeLimitMs: fc.option(ms, { nil: undefined }),
  })
  .chain(({ ids, input, ...rest }) =>
    fc
      .tuple(...ids.map((id, at) => taskOf(id, ids.slice(0, at))))
      .map((tasks) => canonicalize({ ...rest, input: input && { ...input }, tasks })),
  );
