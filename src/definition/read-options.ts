import {
  deliveries,
  type Limits,
  namedRules,
  namePattern,
  type Rule,
  type Task,
} from '../contract/workflow.ts';
import { type Fields, fieldsOf, flagOf, listed, oneOf, textOf, wholeOf } from './fields.ts';
import type { Mistakes } from './mistakes.ts';
import { readRetry } from './read-retry.ts';
import { badName } from './read-run.ts';
import { readResources } from './resources.ts';
import { didYouMean } from './suggest.ts';
import { timeOf } from './time.ts';
import { type Entry, isMap, kindOf, type Node, quoted } from './tree.ts';

/** What a task can be told apart from what it does, needs and gets; `defaults` holds these as well. */
export const optionKeys = [
  'when',
  'pool',
  'retries',
  'backoff',
  'retry',
  'timeout',
  'grace',
  'queue-timeout',
  'heartbeat-timeout',
  'delivery',
  'on-lost',
  'lost-max',
  'may-fail',
  'env',
  'resources',
  'code',
  'dependencies',
  'install-timeout',
  'artifacts',
  'concurrency',
] as const;

type Writable<T> = { -readonly [key in keyof T]: T[key] };
export type Options = Omit<Task, 'id' | 'needs' | 'run' | 'with' | 'each' | 'description'>;

/** Short words for rules that are used often. */
export const shortRules: Readonly<Record<string, Rule>> = { failed: 'any-failed' };
export const ruleKeys: ReadonlySet<string> = new Set(['at-least']);
export const onLostWords = ['retry', 'fail'] as const;
export const dependenciesWords = ['auto', 'off'] as const;
export const lostRange = { min: 0, max: 10_000 } as const;

const limitKeys = [
  ['timeout', 'runMs', 'positive'],
  ['grace', 'graceMs', 'zero'],
  ['queue-timeout', 'queueMs', 'positive'],
  ['install-timeout', 'installMs', 'positive'],
  ['heartbeat-timeout', 'heartbeatMs', 'positive'],
] as const;

export function readOptions(fields: Fields, mistakes: Mistakes): Options {
  const options: Writable<Options> = {};
  const retry = readRetry(fields, mistakes);
  if (retry !== undefined) options.retry = retry;
  const limits = readLimits(fields, mistakes);
  if (limits !== undefined) options.limits = limits;
  for (const [key, entry] of fields) readers.get(key)?.(options, entry, mistakes);
  return options;
}

type Reader = (options: Writable<Options>, entry: Entry, mistakes: Mistakes) => void;

const readers = new Map<string, Reader>(
  Object.entries({
    when: (options, entry, mistakes) => {
      options.rule = readRule(entry.value, mistakes);
    },
    pool: (options, entry, mistakes) => {
      const name = textOf(entry, mistakes);
      if (name !== undefined && !namePattern.test(name)) mistakes.add(entry.value, badName(name));
      options.pool = name;
    },
    delivery: (options, entry, mistakes) => {
      options.delivery = oneOf(entry, deliveries, mistakes);
    },
    'on-lost': (options, entry, mistakes) => {
      options.onLost = oneOf(entry, onLostWords, mistakes);
    },
    'lost-max': (options, entry, mistakes) => {
      options.lostMax = wholeOf(entry, lostRange, mistakes);
    },
    'may-fail': (options, entry, mistakes) => {
      options.mayFail = flagOf(entry, mistakes);
    },
    code: (options, entry, mistakes) => {
      options.code = textOf(entry, mistakes);
    },
    dependencies: (options, entry, mistakes) => {
      options.dependencies = oneOf(entry, dependenciesWords, mistakes);
    },
    artifacts: (options, entry, mistakes) => {
      options.artifacts = flagOf(entry, mistakes);
    },
    env: (options, entry, mistakes) => {
      options.env = readEnv(entry, mistakes);
    },
    resources: (options, entry, mistakes) => {
      options.resources = readResources(entry, mistakes);
    },
  } satisfies Record<string, Reader>),
);

function readLimits(fields: Fields, mistakes: Mistakes): Limits | undefined {
  const limits: Writable<Limits> = {};
  for (const [key, field, least] of limitKeys) {
    const entry = fields.get(key);
    if (entry !== undefined) limits[field] = timeOf(entry, least, mistakes);
  }
  return Object.keys(limits).length === 0 ? undefined : limits;
}

function readRule(node: Node, mistakes: Mistakes): Rule | undefined {
  if (isMap(node)) return readAtLeast(node, mistakes);
  const word = node.kind === 'value' ? node.value : undefined;
  if (typeof word !== 'string')
    return mistakes.add(node, `"when" must be a rule, not ${kindOf(node)}`);
  if (Object.hasOwn(shortRules, word)) return shortRules[word];
  if ((namedRules as readonly string[]).includes(word)) return word as Rule;
  if (/[${}=<>!&|()]/.test(word))
    return mistakes.add(node, 'expressions in "when" are not supported yet by this version');
  const near = didYouMean(word, [...namedRules, ...Object.keys(shortRules)]);
  const all = near === '' ? `: it is ${listed(namedRules)}` : near;
  return mistakes.add(node, `unknown rule ${quoted(word)}${all}`);
}

function readAtLeast(node: Node, mistakes: Mistakes): Rule | undefined {
  const entry = fieldsOf(node, '"when"', ruleKeys, mistakes).get('at-least');
  if (entry === undefined) return mistakes.add(node, '"when" as a map needs "at-least"');
  const value = entry.value.kind === 'value' ? entry.value.value : undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 1e9)
    return { atLeast: value };
  const percent = typeof value === 'string' && /^\d+(\.\d+)?%$/.test(value) ? parseFloat(value) : 0;
  if (percent > 0 && percent <= 100) return { atLeastPercent: percent };
  const found = kindOf(entry.value);
  return mistakes.add(
    entry.value,
    `"at-least" must be a number from 1, or from above 0% to 100%, not ${found}`,
  );
}

const variable = /^[A-Za-z_][A-Za-z0-9_]*$/;

function readEnv(entry: Entry, mistakes: Mistakes): Record<string, string> | undefined {
  const node = entry.value;
  if (node.kind !== 'map')
    return mistakes.add(node, `"env" must be a map of texts, not ${kindOf(node)}`);
  const env: Record<string, string> = {};
  for (const item of node.entries) {
    const { key, value } = item;
    if (!variable.test(key)) mistakes.add(item, `${quoted(key)} is no variable's name`);
    if (value.kind === 'value' && typeof value.value === 'string') env[key] = value.value;
    else
      mistakes.add(
        value,
        `the variable ${quoted(key)} must be a text, not ${kindOf(value)}: write it in quotes`,
      );
  }
  return env;
}

/** A task's own options over the defaults; of retries, limits, variables and resources, field by field. */
export function merge(defaults: Options, own: Options): Options {
  const merged: Writable<Options> = { ...defaults, ...own };
  if (defaults.retry && own.retry) merged.retry = { ...defaults.retry, ...own.retry };
  if (defaults.limits && own.limits) merged.limits = { ...defaults.limits, ...own.limits };
  if (defaults.env && own.env) merged.env = { ...defaults.env, ...own.env };
  if (defaults.resources && own.resources)
    merged.resources = { ...defaults.resources, ...own.resources };
  return merged;
}
