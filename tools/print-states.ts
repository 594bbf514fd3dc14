/** Writes docs/states.md from the table of transitions. A test fails when the file is stale. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { taskStates } from '../src/contract/state.ts';
import { codes, hasEnded, type Status, statuses, transitions } from '../src/core/status.ts';

/** What brings each transition about. */
const causes: Readonly<Record<string, string>> = {
  succeed: 'the report that counts says so; of a map or a spawner, its last sub-task succeeded',
  fail: 'the report that counts says so and no attempt is left; of a parent, a sub-task failed',
  retry: 'an attempt failed, was lost or was handed back, and another one follows',
  expand: 'its own work is done, its sub-tasks are not',
  cancel: 'the run is cancelled',
  skip: 'its rule can no longer be met, and nothing above it failed',
  skipByFailure: 'its rule can no longer be met, since something above it failed or was cancelled',
  rerun: 'a new generation of the run resets it',
  reopen: 'a new generation runs its sub-tasks again, but not its own work',
};

const rowsOf = (status: Status): [event: string, to: string][] =>
  Object.entries(transitions[status]);

function table(): string[] {
  const rows = statuses.map((status) => {
    const next = rowsOf(status).map(([event, to]) => `${event} → ${to}`);
    const end = hasEnded(codes[status]) ? 'yes' : '';
    return `| ${codes[status]} | \`${status}\` | ${end} | ${next.join('<br>')} |`;
  });
  return [
    '| code | stored | an end | event → what follows |',
    '| --- | --- | --- | --- |',
    ...rows,
  ];
}

/** Within one generation: the ways back are in the table, and would hide all others. */
function diagram(): string[] {
  const edges = statuses.flatMap((from) => {
    if (hasEnded(codes[from])) return [`  ${from} --> [*]`];
    const byTarget = new Map<string, string[]>();
    for (const [event, to] of rowsOf(from)) byTarget.set(to, [...(byTarget.get(to) ?? []), event]);
    return Array.from(byTarget, ([to, events]) => `  ${from} --> ${to}: ${events.join(', ')}`);
  });
  return [
    'Within one generation:',
    '',
    '```mermaid',
    'stateDiagram-v2',
    '  [*] --> waiting',
    ...edges,
    '```',
  ];
}

const causeRows = (): string[] => {
  const events = new Set(statuses.flatMap((status) => rowsOf(status).map(([event]) => event)));
  const rows = Array.from(events, (event) => `| ${event} | ${causes[event]} |`);
  return ['| event | comes about when |', '| --- | --- |', ...rows];
};

/** The text of docs/states.md. */
export const printStates = (): string =>
  [
    '# States of a task',
    '',
    'Printed by `node tools/print-states.ts` from `src/core/status.ts`; do not edit.',
    '',
    ...table(),
    '',
    ...diagram(),
    '',
    ...causeRows(),
    '',
    `What the API and the command line show: ${taskStates.map((state) => `\`${state}\``).join(', ')}.`,
    'Two of these are seen and not stored: a waiting task is `ready` when its rule is met, and `running` while a runner',
    'holds a claim on its current attempt. `skippedByFailure` is shown as `skipped`.',
    '',
  ].join('\n');

if (import.meta.main) writeFileSync(join(import.meta.dirname, '../docs/states.md'), printStates());
