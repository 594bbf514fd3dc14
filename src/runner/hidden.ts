/** What of a secret must not be seen, and where it is looked for in what an attempt tells. */
import type { AttemptError, AttemptResult } from '../contract/execution.ts';
import type { Json } from '../contract/json.ts';
import { hideIn, hideInCut, mask } from './launcher-hide.mjs';

/** Shorter ones are found in too much that has nothing to do with them. */
export const secretLengthMin = 4;
/** Of texts within a secret that is JSON: shorter ones are names, regions and the like. */
const partLengthMin = 8;

/** The texts to look for: each value as it is, as JSON and addresses write it, its lines, and the texts in one that is JSON. */
export function textsToHide(values: Iterable<string>): readonly string[] {
  const texts = new Set<string>();
  for (const value of values) {
    const lines = value.split(/\r?\n/).map((line) => line.trim());
    const inner = textsIn(asJson(value)).filter((text) => text.length >= partLengthMin);
    for (const text of [value, value.trim(), ...lines, ...inner])
      for (const form of [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text)])
        if (form.length >= secretLengthMin) texts.add(form);
  }
  return [...texts].sort((a, b) => b.length - a.length);
}

function asJson(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** The same value, without the texts: names in maps and numbers too. */
export function hideInJson(value: Json, texts: readonly string[]): Json {
  if (typeof value === 'string') return hideIn(value, texts);
  if (typeof value === 'number')
    return hideIn(String(value), texts) === String(value) ? value : mask;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => hideInJson(item, texts));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [hideIn(key, texts), hideInJson(item, texts)]),
  );
}

export function hideInResult(
  result: AttemptResult,
  texts: readonly string[] | undefined,
): AttemptResult {
  if (texts === undefined) return result;
  const { output, error } = result;
  return {
    ...result,
    ...(output !== undefined && { output: hideInJson(output, texts) }),
    ...(error !== undefined && { error: hideInError(error, texts) }),
  };
}

/** Messages and stacks were cut to a length by who told them. */
const hideInError = (error: AttemptError, texts: readonly string[]): AttemptError => ({
  ...error,
  message: hideInCut(error.message, texts),
  ...(error.name !== undefined && { name: hideInCut(error.name, texts) }),
  ...(error.stack !== undefined && { stack: hideInCut(error.stack, texts) }),
});
