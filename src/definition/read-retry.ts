import { type ErrorPolicy, failureReasons, type Retry } from '../contract/workflow.ts';
import { readBackoff } from './backoff.ts';
import { type Fields, fieldsOf, listed, oneOf, textsOf, wholeNumber, wholeOf } from './fields.ts';
import type { Mistakes } from './mistakes.ts';
import { didYouMean } from './suggest.ts';
import { timeOf } from './time.ts';
import { type Entry, kindOf, type Node, quoted } from './tree.ts';

export const attempts = { min: 1, max: 10_000 } as const;
export const retryKeys = new Set(['attempts', 'backoff', 'total', 'on']);
export const policyKeys = new Set([
  'exit-code',
  'error',
  'reason',
  'action',
  'attempts',
  'backoff',
]);

/** `retries: 3` and `backoff: …` are short for `retry: { attempts: 4, backoff: … }`. */
export function readRetry(fields: Fields, mistakes: Mistakes): Retry | undefined {
  const retry: { -readonly [key in keyof Retry]: Retry[key] } = {};
  const entry = fields.get('retry');
  if (entry !== undefined) Object.assign(retry, readLongRetry(entry, mistakes));
  const retries = fields.get('retries');
  if (retries !== undefined) {
    if (retry.attemptsMax !== undefined)
      mistakes.add(retries, '"retries" and "attempts" of "retry" say the same: keep one');
    const count = wholeOf(retries, { min: 0, max: attempts.max - 1 }, mistakes);
    if (count !== undefined) retry.attemptsMax = count + 1;
  }
  const backoff = fields.get('backoff');
  if (backoff !== undefined) {
    if (retry.backoff !== undefined)
      mistakes.add(backoff, '"backoff" is given twice: here and in "retry"');
    retry.backoff = readBackoff(backoff.value, mistakes);
  }
  return Object.keys(retry).length === 0 ? undefined : retry;
}

function readLongRetry(entry: Entry, mistakes: Mistakes): Retry {
  const node = entry.value;
  if (node.kind === 'value' && typeof node.value === 'number') {
    mistakes.add(node, '"retry" must be a map: write "retries" for a plain number');
    return {};
  }
  const fields = fieldsOf(node, '"retry"', retryKeys, mistakes);
  const retry: { -readonly [key in keyof Retry]: Retry[key] } = {};
  const tries = fields.get('attempts');
  if (tries !== undefined) retry.attemptsMax = wholeOf(tries, attempts, mistakes);
  const backoff = fields.get('backoff');
  if (backoff !== undefined) retry.backoff = readBackoff(backoff.value, mistakes);
  const total = fields.get('total');
  if (total !== undefined) retry.totalMs = timeOf(total, 'positive', mistakes);
  const on = fields.get('on');
  if (on !== undefined) retry.policies = readPolicies(on.value, mistakes);
  return retry;
}

function readPolicies(node: Node, mistakes: Mistakes): ErrorPolicy[] | undefined {
  if (node.kind !== 'list' || node.items.length > 100)
    return mistakes.add(node, `"on" must be a list of at most 100 maps, not ${kindOf(node)}`);
  const policies = node.items.map((item) => readPolicy(item, mistakes));
  return policies.filter((policy) => policy !== undefined);
}

function readPolicy(node: Node, mistakes: Mistakes): ErrorPolicy | undefined {
  if (node.kind !== 'map')
    return mistakes.add(node, `each entry of "on" must be a map, not ${kindOf(node)}`);
  const fields = fieldsOf(node, 'an entry of "on"', policyKeys, mistakes);
  const match = readMatch(fields, mistakes);
  const given = fields.get('action');
  const action = (given && oneOf(given, ['retry', 'fail'], mistakes)) ?? 'retry';
  const tries = fields.get('attempts');
  const backoff = fields.get('backoff');
  const useless = action === 'fail' ? (tries ?? backoff) : undefined;
  if (useless !== undefined)
    mistakes.add(useless, `${quoted(useless.key)} has no effect where the action is "fail"`);
  return {
    match,
    action,
    ...(tries && { attemptsMax: wholeOf(tries, attempts, mistakes) }),
    ...(backoff && { backoff: readBackoff(backoff.value, mistakes) }),
  };
}

function readMatch(fields: Fields, mistakes: Mistakes): ErrorPolicy['match'] {
  const match: { -readonly [key in keyof ErrorPolicy['match']]: ErrorPolicy['match'][key] } = {};
  const codes = fields.get('exit-code');
  if (codes !== undefined) match.exitCodes = readExitCodes(codes.value, mistakes);
  const errors = fields.get('error');
  if (errors !== undefined) match.errors = textsOf(errors, mistakes)?.map(({ text }) => text);
  const reasons = fields.get('reason');
  if (reasons !== undefined) match.reasons = readReasons(reasons, mistakes);
  for (const list of [codes, errors, reasons])
    if (list?.value.kind === 'list' && list.value.items.length === 0)
      mistakes.add(list.value, `${quoted(list.key)} must not be empty`);
  return match;
}

function readExitCodes(node: Node, mistakes: Mistakes): number[] {
  const nodes = node.kind === 'list' ? node.items : [node];
  const codes = nodes.map((item) =>
    wholeNumber(item, 'an exit code', { min: 0, max: 255 }, mistakes),
  );
  return codes.filter((code) => code !== undefined);
}

function readReasons(entry: Entry, mistakes: Mistakes): string[] | undefined {
  const reasons = textsOf(entry, mistakes);
  for (const { text, node } of reasons ?? []) {
    if ((failureReasons as readonly string[]).includes(text)) continue;
    const near = didYouMean(text, failureReasons);
    mistakes.add(node, `unknown reason ${quoted(text)}${near}: it is ${listed(failureReasons)}`);
  }
  return reasons?.map(({ text }) => text);
}
