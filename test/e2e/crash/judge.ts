/** Whether what was promised of a run has come true. */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Client } from '../../../src/client/client.ts';
import { followPages } from '../../../src/client/follow.ts';
import type { RunEvent, RunView } from '../../../src/contract/api.ts';
import { isEnded } from '../../../src/contract/state.ts';
import type { Kind } from './kinds.ts';
import type { Entry } from './ledger.ts';

const has = (entries: readonly Entry[], word: Entry['word']): boolean =>
  entries.some((entry) => entry.word === word);

/** What is wrong with a run, in words; nothing when all is well. */
export async function judgeRun(
  client: Client,
  kinds: readonly Kind[],
  entries: readonly Entry[],
): Promise<string[]> {
  const [{ id, kind: place, n }] = entries as [Entry];
  const kind = kinds[place] as Kind;
  const view = await client.run(id);
  const at = `run ${id} (${kind.workflow.name})`;
  if (!isEnded(view.state)) return [`${at} is still ${view.state}: ${JSON.stringify(view.counts)}`];
  const wrong = has(entries, 'cancelling')
    ? wrongEnd(view, kind, has(entries, 'cancelled'))
    : wrongOutcome(view, kind, n);
  const events: RunEvent[] = [];
  for await (const page of followPages(client, id, { waitMs: 0 })) events.push(...page);
  return [...wrong, ...wrongVerdicts(view, events)].map((what) => `${at}: ${what}`);
}

/** A cancel that was answered is final; one that was not may have come too late. */
function wrongEnd(view: RunView, kind: Kind, isAnswered: boolean): string[] {
  if (view.state === 'cancelled') return [];
  if (isAnswered) return [`it was cancelled, and ended as ${view.state}`];
  return view.state === kind.ends ? [] : [`it ended as ${view.state}: ${view.reason}`];
}

function wrongOutcome(view: RunView, kind: Kind, n: number): string[] {
  if (view.state !== kind.ends) return [`it ended as ${view.state}: ${view.reason}`];
  const wrong: string[] = [];
  if (view.counts.succeeded !== kind.succeeded)
    wrong.push(`${view.counts.succeeded} tasks succeeded instead of ${kind.succeeded}`);
  const outputs = kind.outputs(n);
  if (!isDeepStrictEqual(view.outputs, outputs))
    wrong.push(`its outputs are ${JSON.stringify(view.outputs)}, not ${JSON.stringify(outputs)}`);
  return wrong;
}

/** Each task has one verdict at most, and those that succeeded exactly one. */
function wrongVerdicts(view: RunView, events: readonly RunEvent[]): string[] {
  const verdicts = new Map<string, string[]>();
  for (const { event, task } of events)
    if (task !== undefined && ['success', 'failure', 'cancelled', 'skipped'].includes(event))
      verdicts.set(task, [...(verdicts.get(task) ?? []), event]);
  const twice = [...verdicts].filter(([, words]) => words.length > 1);
  const successes = [...verdicts.values()].flat().filter((word) => word === 'success').length;
  return [
    ...twice.map(([task, words]) => `task ${task} has the verdicts ${words.join(', ')}`),
    ...(successes === view.counts.succeeded
      ? []
      : [`${successes} successes are told, ${view.counts.succeeded} counted`]),
    ...(events.filter(({ event }) => event === 'ended').length === 1
      ? []
      : ['its end is not told once']),
  ];
}

/** Attempts that started more than once, from the file in which programs note it. */
export function startedTwice(path: string): string[] {
  const seen = new Set<string>();
  const twice: string[] = [];
  for (const line of readOr(path).split('\n')) {
    if (line !== '' && seen.has(line)) twice.push(`attempt ${line} started twice`);
    seen.add(line);
  }
  return twice;
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
