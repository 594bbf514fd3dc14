import { Problem } from '../contract/problem.ts';
import {
  type CatchUp,
  catchUps,
  dstPolicies,
  overlaps,
  type ScheduleRequest,
  type Timing,
} from '../contract/schedule.ts';
import { type Fields, fieldsOf, oneOf, textOf, textsOf, wholeOf } from './fields.ts';
import { parseInstant } from './instant.ts';
import type { Mistakes } from './mistakes.ts';
import { timeOf } from './time.ts';
import { compileTiming, readExpression } from './timing.ts';
import { type Entry, isMap, kindOf, type Node, quoted } from './tree.ts';

/** What a workflow's file says of when it runs. */
export type OwnSchedule = Omit<ScheduleRequest, 'workflow' | 'input' | 'code' | 'tags'>;

export const scheduleKeys: ReadonlySet<string> = new Set([
  'cron',
  'every',
  'at',
  'timezone',
  'dst',
  'start',
  'end',
  'exclude',
  'jitter',
  'overlap',
  'catch-up',
  'stop-after-failures',
  'slot-input',
]);
export const catchUpKeys: ReadonlySet<string> = new Set(['policy', 'window', 'max', 'per-minute']);
export const failuresRange = { min: 1, max: 1000 };
export const catchUpRange = { min: 1, max: 10_000 };
export const perMinuteRange = { min: 1, max: 100_000 };

/** A map, or one text: a cron expression, `every 15m` or an instant. */
export function readSchedule(entry: Entry, mistakes: Mistakes): OwnSchedule | undefined {
  const node = entry.value;
  if (!isMap(node)) return readShort(node, mistakes);
  const fields = fieldsOf(node, '"schedule"', scheduleKeys, mistakes);
  const timing = readTiming(fields, mistakes);
  const overlap = fields.get('overlap');
  const catchUp = fields.get('catch-up');
  const failures = fields.get('stop-after-failures');
  const slotInput = fields.get('slot-input');
  const own = {
    timing,
    ...(overlap && { overlap: oneOf(overlap, overlaps, mistakes) }),
    ...(catchUp && { catchUp: readCatchUp(catchUp, mistakes) }),
    ...(failures && { stopAfterFailures: wholeOf(failures, failuresRange, mistakes) }),
    ...(slotInput && { slotInput: textOf(slotInput, mistakes) }),
  };
  if (!mistakes.any) checkTiming(timing, fields, node, mistakes);
  return own;
}

function readShort(node: Node, mistakes: Mistakes): OwnSchedule | undefined {
  if (node.kind !== 'value' || typeof node.value !== 'string')
    return mistakes.add(node, `"schedule" must be a map or a text, not ${kindOf(node)}`);
  try {
    const timing = readExpression(node.value, 'UTC');
    compileTiming(timing, 0);
    return { timing };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return mistakes.add(node, error.message);
  }
}

function readTiming(fields: Fields, mistakes: Mistakes): Timing {
  const timing: { -readonly [key in keyof Timing]: Timing[key] } = {};
  const zoneField = fields.get('timezone');
  const zone = zoneField && textOf(zoneField, mistakes);
  if (zone !== undefined) timing.timezone = zone;
  const cron = fields.get('cron');
  if (cron) timing.cron = textOf(cron, mistakes);
  const every = fields.get('every');
  if (every) timing.everyMs = timeOf(every, 'positive', mistakes);
  for (const name of ['at', 'start', 'end'] as const) {
    const entry = fields.get(name);
    if (entry) timing[name] = instantOf(entry, zone, mistakes);
  }
  const dst = fields.get('dst');
  if (dst) timing.dst = oneOf(dst, dstPolicies, mistakes);
  const exclude = fields.get('exclude');
  if (exclude) timing.exclude = textsOf(exclude, mistakes)?.map(({ text }) => text);
  const jitter = fields.get('jitter');
  if (jitter) timing.jitterMs = timeOf(jitter, 'zero', mistakes);
  return timing;
}

function instantOf(entry: Entry, zone: string | undefined, mistakes: Mistakes): number | undefined {
  const text = textOf(entry, mistakes);
  if (text === undefined) return undefined;
  const at = parseInstant(text, zone ?? 'UTC');
  if (at !== undefined) return at;
  return mistakes.add(entry.value, `${quoted(text)} is no instant, such as "2026-01-31T12:00Z"`);
}

function readCatchUp(entry: Entry, mistakes: Mistakes): CatchUp | undefined {
  if (!isMap(entry.value)) {
    const policy = oneOf(entry, ['none', 'last', 'all'] as const, mistakes);
    return policy && { policy };
  }
  const fields = fieldsOf(entry.value, '"catch-up"', catchUpKeys, mistakes);
  const [policy, window, max, rate] = [...catchUpKeys].map((key) => fields.get(key));
  const isWindow = window !== undefined && policy === undefined;
  const word = policy ? oneOf(policy, catchUps, mistakes) : isWindow ? 'window' : 'last';
  if ((word === 'window') !== (window !== undefined))
    mistakes.add(entry.value, '"window" goes together with policy "window"');
  return {
    policy: word ?? 'last',
    ...(window && { windowMs: timeOf(window, 'positive', mistakes) }),
    ...(max && { max: wholeOf(max, catchUpRange, mistakes) }),
    ...(rate && { perMinute: wholeOf(rate, perMinuteRange, mistakes) }),
  };
}

const keysOf: Readonly<Record<string, string>> = { everyMs: 'every', jitterMs: 'jitter' };

function checkTiming(timing: Timing, fields: Fields, node: Node, mistakes: Mistakes): void {
  try {
    compileTiming(timing, 0);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    for (const { pointer = '', message } of error.details) {
      const [, key = ''] = pointer.split('/');
      mistakes.add(fields.get(keysOf[key] ?? key)?.value ?? node, message);
    }
  }
}
