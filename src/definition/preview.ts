/** What comes: the next slots of an expression, computed here. */
import { Problem } from '../contract/problem.ts';
import type { Timing as GivenTiming } from '../contract/schedule.ts';
import { nextSlot } from '../core/schedule-timing.ts';
import { isZone } from '../core/schedule-zone.ts';
import { parseInstant } from './instant.ts';
import { compileTiming, readExpression } from './timing.ts';
import { quoted } from './tree.ts';

export const previewMax = 10_000;

/** Up to `n` slots after `from`, epoch ms. */
export function previewSlots(given: GivenTiming, from: number, n: number): readonly number[] {
  const timing = compileTiming(given, from);
  const slots: number[] = [];
  for (let after = from; slots.length < n; ) {
    const slot = nextSlot(timing, after);
    if (slot === undefined) break;
    slots.push(slot);
    after = slot;
  }
  return slots;
}

/** An instant as one writes it; `now` stands for no text. */
export function readFrom(text: string | undefined, zone: string, now: number): number {
  if (text === undefined) return now;
  const at = parseInstant(text, isZone(zone) ? zone : 'UTC');
  if (at !== undefined) return at;
  throw invalid('/from', `${quoted(text)} is no instant, such as "2026-01-31T12:00Z"`);
}

const keys = new Set(['expression', 'zone', 'from', 'n', 'dst', 'start', 'end', 'exclude', 'id']);
type Row = Readonly<Record<string, unknown>>;

/** One line of JSON `{expression, zone, from, n}` to `{fires}` or `{error}`. */
export function previewLine(line: string, now: number): { fires: string[] } | { error: string } {
  try {
    const row = rowOf(line);
    const zone = textIn(row, 'zone') ?? 'UTC';
    const from = instantIn(row, 'from', zone) ?? now;
    const expression = textIn(row, 'expression');
    if (expression === undefined) throw invalid('/expression', '"expression" is missing');
    const given = { ...readExpression(expression, zone), timezone: zone, ...moreOf(row, zone) };
    const slots = previewSlots(given as GivenTiming, from, countIn(row));
    return { fires: slots.map((slot) => new Date(slot).toISOString()) };
  } catch (error) {
    if (error instanceof Problem) return { error: error.message };
    throw error;
  }
}

function rowOf(line: string): Row {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    throw invalid('', 'the line is not JSON');
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row))
    throw invalid('', 'the line must be a map with "expression", "zone", "from" and "n"');
  const unknown = Object.keys(row).find((key) => !keys.has(key));
  if (unknown !== undefined) throw invalid(`/${unknown}`, `unknown key ${quoted(unknown)}`);
  return row as Row;
}

function textIn(row: Row, key: string): string | undefined {
  const value = row[key];
  if (value === undefined || value === null || typeof value === 'string') return value ?? undefined;
  throw invalid(`/${key}`, `"${key}" must be text`);
}

function instantIn(row: Row, key: string, zone: string): number | undefined {
  const value = row[key];
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  const text = textIn(row, key);
  return text === undefined ? undefined : readFrom(text, zone, 0);
}

function countIn(row: Row): number {
  const n = row.n ?? 10;
  if (typeof n === 'number' && Number.isInteger(n) && n >= 0 && n <= previewMax) return n;
  throw invalid('/n', `"n" must be a whole number from 0 to ${previewMax}`);
}

function moreOf(row: Row, zone: string): Partial<GivenTiming> {
  const { dst, exclude } = row;
  if (dst !== undefined && dst !== 'once' && dst !== 'skip' && dst !== 'both')
    throw invalid('/dst', '"dst" must be one of once, skip, both');
  const isList = Array.isArray(exclude) && exclude.every((day) => typeof day === 'string');
  if (exclude !== undefined && !isList)
    throw invalid('/exclude', '"exclude" must be a list of days');
  const [start, end] = [instantIn(row, 'start', zone), instantIn(row, 'end', zone)];
  return {
    ...(dst !== undefined && { dst }),
    ...(isList && { exclude: exclude as string[] }),
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
  };
}

const invalid = (pointer: string, message: string): Problem =>
  new Problem('schedule-invalid', message, [{ pointer, message }]);
