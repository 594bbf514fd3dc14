import type { Backoff } from '../contract/workflow.ts';
import { fieldsOf, oneOf } from './fields.ts';
import type { Mistakes } from './mistakes.ts';
import { timeAt, timeOf } from './time.ts';
import { type Entry, kindOf, type Node } from './tree.ts';

export const backoffKeys = new Set(['shape', 'min', 'max', 'factor', 'jitter', 'delays']);
export const shapes = ['exponential', 'linear', 'fixed', 'list'] as const;
export const jitters = ['full', 'none'] as const;

/** The longest delay where none is given. */
export const delayMsMaxDefault = 300_000;

/** `10s..5m` is exponential between the two, `10s` alone is the same delay each time. */
export function readBackoff(node: Node, mistakes: Mistakes): Backoff | undefined {
  if (node.kind === 'map') return readLongBackoff(node, mistakes);
  const range = node.kind === 'value' && typeof node.value === 'string' && node.value.split('..');
  if (range === false || range.length !== 2) {
    const delay = timeAt(node, 'a backoff', mistakes);
    return delay === undefined ? undefined : withMax({ shape: 'fixed', delayMsMin: delay });
  }
  const [min, max] = range.map((text) =>
    timeAt({ kind: 'value', at: node.at, value: text.trim() }, 'a backoff', mistakes),
  );
  return { delayMsMin: min, delayMsMax: max };
}

function readLongBackoff(node: Node, mistakes: Mistakes): Backoff {
  const fields = fieldsOf(node, '"backoff"', backoffKeys, mistakes);
  const backoff: { -readonly [key in keyof Backoff]: Backoff[key] } = {};
  const shape = fields.get('shape');
  if (shape !== undefined) backoff.shape = oneOf(shape, shapes, mistakes);
  const min = fields.get('min');
  if (min !== undefined) backoff.delayMsMin = timeOf(min, 'zero', mistakes);
  const max = fields.get('max');
  if (max !== undefined) backoff.delayMsMax = timeOf(max, 'zero', mistakes);
  const factor = fields.get('factor');
  if (factor !== undefined) backoff.factor = readFactor(factor, mistakes);
  const jitter = fields.get('jitter');
  if (jitter !== undefined) backoff.jitter = oneOf(jitter, jitters, mistakes);
  const delays = fields.get('delays');
  if (delays !== undefined) {
    backoff.delaysMs = readDelays(delays.value, mistakes);
    backoff.shape ??= 'list';
  }
  return withMax(backoff);
}

function readFactor(entry: Entry, mistakes: Mistakes): number | undefined {
  const value = entry.value.kind === 'value' ? entry.value.value : undefined;
  if (typeof value === 'number' && value >= 1 && value <= 100) return value;
  const found = kindOf(entry.value);
  return mistakes.add(entry.value, `"factor" must be a number from 1 to 100, not ${found}`);
}

function readDelays(node: Node, mistakes: Mistakes): number[] | undefined {
  if (node.kind !== 'list' || node.items.length === 0 || node.items.length > 100)
    return mistakes.add(node, `"delays" must be a list of 1 to 100 times, not ${kindOf(node)}`);
  const delays = node.items.map((item) => timeAt(item, 'a delay', mistakes));
  return delays.filter((delay) => delay !== undefined);
}

/** Delays that are named one by one are not cut at the default longest delay. */
function withMax(backoff: Backoff): Backoff {
  if (backoff.delayMsMax !== undefined) return backoff;
  const named = backoff.shape === 'list' ? (backoff.delaysMs ?? []) : [backoff.delayMsMin ?? 0];
  const longest = Math.max(...named);
  const isNamed = backoff.shape === 'list' || backoff.shape === 'fixed';
  return isNamed && longest > delayMsMaxDefault ? { ...backoff, delayMsMax: longest } : backoff;
}
