import middy from '@middy/core';
import { logError } from './log.ts';
import type { Metrics } from './metrics.ts';

/** A handler whose errors are logged once, with the event's kind, and then Lambda's to retry; what it counted is told. */
export const entry = <Event, Result>(
  metrics: Pick<Metrics, 'flush'> | undefined,
  handler: (event: Event) => Promise<Result>,
) =>
  middy<Event, Result>()
    .onError(({ error }) => logError(error))
    .handler(async (event) => {
      try {
        return await handler(event);
      } finally {
        metrics?.flush();
      }
    });
