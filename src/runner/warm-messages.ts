import type { AttemptError } from '../contract/execution.ts';
import type { Json } from '../contract/json.ts';
import type { Ending } from './attempt.ts';

/** What a harness says; see runtime-images/PROTOCOL.md. */
export type Message =
  | ['done', number, number, number, Json, number?]
  | ['fail', number, number, number, AttemptError, number?]
  | ['log', number, number, number, string[]]
  | ['say', number, number, unknown]
  | ['fatal', number, AttemptError]
  | ['recalled', ...number[]]
  | ['ready', (NodeJS.Signals | null)?, (readonly [stdout: number, stderr: number])?]
  | ['memory', number];

export type EndMessage = Extract<Message, { 0: 'done' | 'fail' }>;

export function endingOf(message: EndMessage, memoryMb: number | undefined): Ending {
  const [, , startedAt, us, , cpuUs] = message;
  const base = {
    startedAt,
    // Rounded down: what follows from it, in whatever process, never seems to begin before it.
    endedAt: startedAt + Math.floor(us / 1000),
    cpuSeconds: cpuUs === undefined || cpuUs < 0 ? undefined : cpuUs / 1e6,
    memoryMb,
  };
  return message[0] === 'done' ? { ...base, output: message[4] } : { ...base, error: message[4] };
}
