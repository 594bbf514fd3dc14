/** Events of a run as plain lines, for output that is no terminal: logs of CI, files. */
import type { RunEvent } from '../../src/contract/api.ts';
import { harmless } from './text.ts';

const states: Readonly<Partial<Record<RunEvent['event'], string>>> = {
  start: 'running',
  success: 'succeeded',
  failure: 'failed',
  retry: 'retrying',
};

const isOfRun = (event: RunEvent): boolean => event.event === 'ended' || event.event === 'control';

/** `task=clean[3] state=succeeded attempt=1`, or of the run itself `state=succeeded`. */
function whatHappened({ event, task, attempt, detail }: RunEvent): string[] {
  if (event === 'control') return [`control=${harmless(detail ?? '')}`];
  const state = event === 'ended' ? harmless(detail ?? 'ended') : (states[event] ?? event);
  return [
    ...(task === undefined ? [] : [`task=${harmless(task)}`]),
    `state=${state}`,
    ...(attempt === undefined ? [] : [`attempt=${attempt}`]),
  ];
}

function why(event: RunEvent): string[] {
  const text = event.error?.message ?? (isOfRun(event) ? undefined : event.detail);
  return text === undefined ? [] : [`why=${JSON.stringify(harmless(text))}`];
}

/** Turns events into lines. Remembers starts, to tell how long an attempt took. */
export function createPlainLines(run: string): (event: RunEvent) => string {
  const starts = new Map<string, number>();
  const took = (event: RunEvent): string[] => {
    const key = `${event.attempt} ${event.task}`;
    const start = starts.get(key);
    if (event.event === 'start') starts.set(key, event.at);
    else starts.delete(key);
    return start === undefined || event.event === 'start' ? [] : [`ms=${event.at - start}`];
  };
  return (event) =>
    [
      new Date(event.at).toISOString(),
      `run=${run}`,
      ...whatHappened(event),
      ...took(event),
      ...why(event),
    ].join(' ');
}
