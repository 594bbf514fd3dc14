import middy from '@middy/core';
import { logError } from './log.ts';

/** A handler whose errors are logged once, with the event's kind, and then Lambda's to retry. */
export const entry = <Event, Result>(handler: (event: Event) => Promise<Result>) =>
  middy<Event, Result>()
    .onError(({ error }) => logError(error))
    .handler(handler);
