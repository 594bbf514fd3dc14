import type { AttemptResult, ExecutorEvents } from '../contract/execution.ts';

/** What an executor within another tells: all goes on to whoever listens to the outer one, but ends, which it sees to. */
export const passOn = (
  events: ExecutorEvents,
  ended: (results: readonly AttemptResult[]) => void,
): ExecutorEvents => ({
  started: (starts) => events.started(starts),
  ended,
  roomier: () => events.roomier?.(),
  ...(events.asked && { asked: events.asked }),
  beats: (beats) => events.beats(beats),
  spawned: (key, requests) => events.spawned(key, requests),
});
