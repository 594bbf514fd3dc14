import { functionLanguages, languages } from '../contract/language.ts';
import { cpuRange, gpuMax } from '../contract/resources.ts';
import { deliveries, failureReasons, namedRules, namePattern } from '../contract/workflow.ts';
import { backoffKeys, jitters, shapes } from './backoff.ts';
import { inputKeys, inputTypes } from './read-input.ts';
import {
  dependenciesWords,
  lostRange,
  onLostWords,
  optionKeys,
  shortRules,
} from './read-options.ts';
import { attempts, policyKeys, retryKeys } from './read-retry.ts';
import { concurrencyRange, functionKeys, runKinds, scriptKeys, stepKeys } from './read-run.ts';
import { taskKeys, workflowKeys } from './read-workflow.ts';
import { resourceKeys, sizePattern } from './resources.ts';
import { knownEndings } from './run-text.ts';
import { scheduleSchema } from './schedule-schema.ts';
import {
  anything,
  listOf,
  mapOf,
  oneOrMore,
  ref,
  type Schema,
  said,
  text,
  whole,
} from './schema-parts.ts';
import { timePattern } from './time.ts';

const time = said('A length of time: 90s, 5m, 2h, 1d, 250ms.', {
  type: 'string',
  pattern: timePattern,
});
const size = said('An amount: 512MB, 4GB.', { type: 'string', pattern: sizePattern });
const name: Schema = { type: 'string', pattern: namePattern.source };

const backoff: Schema = {
  anyOf: [
    said('10s: the same delay each time. 10s..5m: exponential between the two.', {
      type: 'string',
      pattern: `${timePattern.slice(0, -1)}( *\\.\\. *${timePattern.slice(1, -1)})?$`,
    }),
    mapOf(backoffKeys, {
      shape: { enum: shapes },
      min: ref('time'),
      max: ref('time'),
      factor: { type: 'number', minimum: 1, maximum: 100 },
      jitter: { enum: jitters },
      delays: listOf(ref('time'), { minItems: 1, maxItems: 100 }),
    }),
  ],
};

const policy = mapOf(policyKeys, {
  'exit-code': oneOrMore(whole({ min: 0, max: 255 })),
  error: said(
    "Names of errors as the language gives them; '*' stands for anything.",
    oneOrMore(text),
  ),
  reason: oneOrMore({ enum: failureReasons }),
  action: { enum: ['retry', 'fail'] },
  attempts: whole(attempts),
  backoff: ref('backoff'),
});

const retry = mapOf(retryKeys, {
  attempts: said('The first one included.', whole(attempts)),
  backoff: ref('backoff'),
  total: said('From the start of the first attempt; then no further one.', ref('time')),
  on: said('The first entry that matches an error is taken.', listOf(policy, { maxItems: 100 })),
});

const rule: Schema = {
  anyOf: [
    { enum: [...namedRules, ...Object.keys(shortRules)] },
    {
      ...mapOf(['at-least'], {
        'at-least': {
          anyOf: [
            whole({ min: 1, max: 1e9 }),
            { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?%$' },
          ],
        },
      }),
      required: ['at-least'],
    },
  ],
};

const options: Readonly<Record<(typeof optionKeys)[number], Schema>> = {
  when: said('When the task may start, from how its needs ended. Default: all-succeeded.', rule),
  pool: said('Which runners take it. Default: default.', name),
  retries: said('Attempts after the first. Default: 0.', whole({ min: 0, max: attempts.max - 1 })),
  backoff: said('The delay between attempts.', ref('backoff')),
  retry: said('Retries in full.', retry),
  timeout: said('How long one attempt may run.', ref('time')),
  grace: said('Between the request to stop and the kill. Default: 5s.', ref('time')),
  'queue-timeout': said('How long an attempt may wait for a runner.', ref('time')),
  'heartbeat-timeout': said('The longest silence between two heartbeats.', ref('time')),
  delivery: said('Default: claimed.', { enum: deliveries }),
  'on-lost': said('What follows when the runner dies. Default: retry.', { enum: onLostWords }),
  'lost-max': said(
    'How many lost attempts are followed by another. Default: 10.',
    whole(lostRange),
  ),
  'may-fail': said('Its failure does not make the run fail.', { type: 'boolean' }),
  code: said(
    "Its own code: a path from the workflow's folder on (./folder, ./file, ./file.zip, .), or a package: name, name@digest.",
    text,
  ),
  dependencies: said(
    'Whether what the manifests in its code list is installed. Default: auto where "code" is given.',
    { enum: dependenciesWords },
  ),
  'install-timeout': said('How long that may take. Default: 15m.', ref('time')),
  artifacts: said(
    'Files that an attempt leaves in $TASK_ARTIFACTS are kept, and given to the tasks that need it. Default: false.',
    { type: 'boolean' },
  ),
  env: said('Environment variables of its process.', {
    type: 'object',
    propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
    additionalProperties: { type: 'string' },
  }),
  resources: said('What an attempt has for itself; `memory` and `disk` are its limits too.', {
    ...mapOf(resourceKeys, {
      cpu: said('Processors, or parts of one.', {
        type: 'number',
        minimum: cpuRange.min,
        maximum: cpuRange.max,
      }),
      memory: size,
      disk: said('In its own folder.', size),
      gpu: whole({ min: 0, max: gpuMax }),
    }),
  }),
  concurrency: said(
    'How many calls one warm process takes at a time. Default: 1.',
    whole(concurrencyRange),
  ),
};

const path = said("A path, relative to the workflow's folder.", text);

const runs: Readonly<Record<(typeof runKinds)[number], Schema>> = {
  run: said(`A script (${knownEndings}) with its arguments, or a line for the shell.`, text),
  command: said(
    'A program with its arguments, no shell between.',
    listOf({ type: 'string' }, { minItems: 1 }),
  ),
  shell: said('A line for the shell.', text),
  script: said('A script in full.', {
    ...mapOf(scriptKeys, {
      path,
      language: { enum: languages },
      args: listOf({ type: 'string' }),
    }),
    required: ['path'],
  }),
  function: said(
    'A function, called in a warm process: file.mjs#name, file.py:name or program#name.',
    {
      anyOf: [
        text,
        {
          ...mapOf(functionKeys, { path, language: { enum: functionLanguages }, name: text }),
          required: ['path'],
        },
      ],
    },
  ),
  node: said('Code: the body of an async function of `input` and `task`.', text),
  python: said('Code: the body of a function of `input` and `task`.', text),
  bash: said('Code for the shell.', text),
  sequence: said('Steps, one after the other.', listOf(ref('step'), { minItems: 1 })),
  tandem: said('Steps at the same time, in one place.', listOf(ref('step'), { minItems: 1 })),
  none: said('Nothing: a point where needs meet.', { const: true }),
};

const oneRun = { oneOf: runKinds.map((kind) => ({ required: [kind] })) };

const step: Schema = {
  anyOf: [
    text,
    {
      ...mapOf(stepKeys, { ...runs, concurrency: options.concurrency, name, with: anything }),
      ...oneRun,
    },
  ],
};

const each: Schema = {
  anyOf: [
    { type: 'array' },
    { type: 'string', pattern: '\\$\\{\\{' },
    {
      ...mapOf(['levels'], {
        levels: listOf({ type: ['array', 'string'] }, { minItems: 1, maxItems: 8 }),
      }),
      required: ['levels'],
    },
  ],
};

const task: Schema = {
  ...mapOf(taskKeys, {
    ...options,
    ...runs,
    description: text,
    needs: said('Tasks that must end before.', { anyOf: [name, listOf(name)] }),
    with: said('The input. Texts in it may hold references.', anything),
    each: said('One sub-task for each element of a list, or of a list that is referred to.', each),
  }),
  ...oneRun,
};

const field: Schema = {
  anyOf: [
    { enum: inputTypes },
    {
      ...mapOf(inputKeys, { type: { enum: inputTypes }, default: anything, description: text }),
      required: ['type'],
    },
  ],
};

/** The JSON Schema of a workflow as authors write it, in YAML or JSON: for editors, which complete and check by it. */
export const authorSchema: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Fanfold workflow',
  ...mapOf(workflowKeys, {
    name: said('The name of the workflow.', name),
    description: text,
    input: said('What a run may be given. Without it, anything.', {
      type: 'object',
      propertyNames: name,
      additionalProperties: field,
    }),
    timeout: said('How long the whole run may take.', ref('time')),
    schedule: said('When it runs, for `fanfold schedules create`.', scheduleSchema),
    defaults: said('Options for all tasks that do not give their own.', mapOf(optionKeys, options)),
    tasks: said('The tasks by their ids.', {
      type: 'object',
      minProperties: 1,
      propertyNames: name,
      additionalProperties: task,
    }),
  }),
  required: ['name', 'tasks'],
  $defs: { time, backoff, step },
};

/** The text of `docs/workflow.schema.json`. */
export const printSchema = (): string => `${JSON.stringify(authorSchema, null, 2)}\n`;
