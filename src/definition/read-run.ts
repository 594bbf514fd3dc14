import {
  functionFacts,
  functionLanguages,
  languages,
  type SnippetLanguage,
} from '../contract/language.ts';
import { namePattern, type PlainRun, type Run, type Step } from '../contract/workflow.ts';
import { type Fields, fieldsOf, jsonOf, listed, oneOf, textOf, wholeOf } from './fields.ts';
import type { Mistakes } from './mistakes.ts';
import {
  concurrencyHint,
  languageOf,
  parseFunctionText,
  parseRunText,
  runsSideBySide,
} from './run-text.ts';
import {
  type Entry,
  isMap,
  kindOf,
  type ListNode,
  type MapNode,
  type Node,
  quoted,
} from './tree.ts';

/** What a task or step does: one of these keys, and only one. */
export const runKinds = [
  'run',
  'command',
  'shell',
  'script',
  'function',
  'node',
  'python',
  'bash',
  'sequence',
  'tandem',
  'none',
] as const;
export type RunKind = (typeof runKinds)[number];

export const stepKeys: ReadonlySet<string> = new Set([...runKinds, 'name', 'with', 'concurrency']);
export const scriptKeys: ReadonlySet<string> = new Set(['path', 'language', 'args']);
export const functionKeys: ReadonlySet<string> = new Set(['path', 'language', 'name']);
export const concurrencyRange = { min: 1, max: 10_000 } as const;

/** `owner` is what has the mistake when there is no run, or more than one. */
export function readRun(fields: Fields, owner: Entry | Node, mistakes: Mistakes): Run | undefined {
  const given = runKinds.filter((kind) => fields.has(kind));
  const [kind, second] = given;
  if (kind === undefined)
    return mistakes.add(owner, `nothing to do: give one of ${listed(runKinds)}`);
  if (second !== undefined)
    return mistakes.add(
      fields.get(second) as Entry,
      `only one of ${listed(given.map(quoted))} can be given`,
    );
  const run = readers[kind](fields.get(kind) as Entry, mistakes);
  return run && withConcurrency(run, fields.get('concurrency'), mistakes);
}

const readers: Readonly<Record<RunKind, (entry: Entry, mistakes: Mistakes) => Run | undefined>> = {
  run: (entry, mistakes) => {
    const { value } = entry;
    if (value.kind !== 'value')
      return mistakes.add(
        value,
        `"run" must be a text, not ${kindOf(value)}: ${insteadOfRun(value)}`,
      );
    const text = textOf(entry, mistakes);
    return text === undefined ? undefined : parseRunText(text);
  },
  shell: (entry, mistakes) => {
    const line = textOf(entry, mistakes);
    return line === undefined ? undefined : { kind: 'shell', line };
  },
  command: (entry, mistakes) => {
    const argv = argumentsOf(entry, mistakes);
    if (argv?.length === 0) return mistakes.add(entry.value, '"command" must not be empty');
    return argv && { kind: 'command', argv };
  },
  script: readScript,
  function: readFunction,
  node: (entry, mistakes) => snippet('node', entry, mistakes),
  python: (entry, mistakes) => snippet('python', entry, mistakes),
  bash: (entry, mistakes) => snippet('shell', entry, mistakes),
  sequence: (entry, mistakes) => readSteps('sequence', entry, mistakes),
  tandem: (entry, mistakes) => readSteps('tandem', entry, mistakes),
  none: (entry, mistakes) => {
    if (entry.value.kind === 'value' && entry.value.value === true) return { kind: 'none' };
    return mistakes.add(entry.value, `"none" must be true, not ${kindOf(entry.value)}`);
  },
};

/** What an author meant who gave a map or a list: other kinds have keys of their own. */
function insteadOfRun(given: MapNode | ListNode): string {
  if (given.kind === 'list')
    return 'write "command" in its place for a program and its arguments, "sequence" for steps';
  const meant = given.entries.find(({ key }) => runKinds.some((kind) => kind === key));
  if (meant !== undefined && meant.key !== 'run')
    return `write ${quoted(meant.key)} in its place, not below it`;
  return `write one of ${listed(runKinds.slice(1).map(quoted))} in its place, or a line for the shell`;
}

function snippet(
  language: SnippetLanguage,
  entry: Entry,
  mistakes: Mistakes,
): PlainRun | undefined {
  const code = textOf(entry, mistakes);
  return code === undefined ? undefined : { kind: 'snippet', language, code };
}

/** Arguments may be empty texts. */
function argumentsOf(entry: Entry, mistakes: Mistakes): string[] | undefined {
  const node = entry.value;
  if (node.kind !== 'list')
    return mistakes.add(
      node,
      `${quoted(entry.key)} must be a list of texts, not ${kindOf(node)}${shellHint(entry)}`,
    );
  const texts = node.items.map((item) => {
    if (item.kind === 'value' && typeof item.value === 'string') return item.value;
    return mistakes.add(item, `an argument must be a text, not ${kindOf(item)}`);
  });
  return texts.filter((text) => text !== undefined);
}

const shellHint = ({ key, value }: Entry): string =>
  key === 'command' && value.kind === 'value' && typeof value.value === 'string'
    ? ': write [program, argument], or "run" for a line for the shell'
    : '';

function readScript(entry: Entry, mistakes: Mistakes): PlainRun | undefined {
  const fields = fieldsOf(entry.value, '"script"', scriptKeys, mistakes);
  const path = pathOf(fields, entry, mistakes);
  if (path === undefined) return undefined;
  const given = fields.get('language');
  const language = given ? oneOf(given, languages, mistakes) : languageOf(path);
  if (language === undefined) return given ? undefined : noLanguage(fields, path, mistakes);
  const list = fields.get('args');
  const args = list && argumentsOf(list, mistakes);
  return { kind: 'script', language, path, ...(args && args.length > 0 && { args }) };
}

function readFunction(entry: Entry, mistakes: Mistakes): PlainRun | undefined {
  if (!isMap(entry.value)) return readShortFunction(entry, mistakes);
  const fields = fieldsOf(entry.value, '"function"', functionKeys, mistakes);
  const path = pathOf(fields, entry, mistakes);
  if (path === undefined) return undefined;
  const given = fields.get('language');
  const language = given ? oneOf(given, functionLanguages, mistakes) : languageOf(path);
  if (language === undefined) return given ? undefined : noLanguage(fields, path, mistakes);
  const named = fields.get('name');
  const name = named ? textOf(named, mistakes) : functionFacts[language].entry;
  return name === undefined ? undefined : { kind: 'function', language, path, name };
}

function readShortFunction(entry: Entry, mistakes: Mistakes): PlainRun | undefined {
  const text = textOf(entry, mistakes);
  if (text === undefined) return undefined;
  const parsed = parseFunctionText(text);
  if (parsed !== undefined) return { kind: 'function', ...parsed };
  const message = `${quoted(text)} names no function: write "file.mjs#name", "file.py:name" or "program#name"`;
  return mistakes.add(entry.value, message);
}

function pathOf(fields: Fields, owner: Entry, mistakes: Mistakes): string | undefined {
  const path = fields.get('path');
  if (path !== undefined) return textOf(path, mistakes);
  return isMap(owner.value) ? mistakes.add(owner, `${quoted(owner.key)} lacks "path"`) : undefined;
}

const noLanguage = (fields: Fields, path: string, mistakes: Mistakes): undefined =>
  mistakes.add(
    (fields.get('path') as Entry).value,
    `the ending of ${quoted(path)} names no language: give "language"`,
  );

function readSteps(kind: 'sequence' | 'tandem', entry: Entry, mistakes: Mistakes): Run | undefined {
  const node = entry.value;
  if (node.kind !== 'list' || node.items.length === 0)
    return mistakes.add(node, `${quoted(kind)} must be a list of steps, not ${emptyOr(node)}`);
  const steps = node.items.map((item) => readStep(item, mistakes));
  return { kind, steps: steps.filter((step) => step !== undefined) };
}

const emptyOr = (node: Node): string => (node.kind === 'list' ? 'an empty list' : kindOf(node));

function readStep(node: Node, mistakes: Mistakes): Step | undefined {
  if (node.kind !== 'map') {
    const text = textOf({ key: 'a step', at: node.at, value: node }, mistakes);
    return text === undefined ? undefined : { run: parseRunText(text) };
  }
  const fields = fieldsOf(node, 'a step', stepKeys, mistakes);
  const run = readRun(fields, node, mistakes);
  const named = fields.get('name');
  const name = named && textOf(named, mistakes);
  if (named !== undefined && name !== undefined && !namePattern.test(name))
    mistakes.add(named.value, badName(name));
  const input = fields.get('with');
  return run && { run, ...(name && { name }), ...(input && { with: jsonOf(input.value) }) };
}

export const badName = (name: string): string =>
  `${quoted(name)} is no name: up to 128 letters, digits, "_", "-" and ".", beginning with a letter, digit or "_"`;

/** Only what runs in a warm process can do more than one thing at a time. */
function withConcurrency(run: Run, entry: Entry | undefined, mistakes: Mistakes): Run {
  if (entry === undefined) return run;
  const concurrency = wholeOf(entry, concurrencyRange, mistakes);
  if (takesConcurrency(run)) return { ...run, concurrency };
  mistakes.add(entry, concurrencyHint);
  return run;
}

export const takesConcurrency = (run: Run): run is Extract<Run, { concurrency?: unknown }> =>
  runsSideBySide(run);
