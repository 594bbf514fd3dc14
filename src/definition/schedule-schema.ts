import { catchUps, dstPolicies, overlaps } from '../contract/schedule.ts';
import { namePattern } from '../contract/workflow.ts';
import {
  catchUpKeys,
  catchUpRange,
  failuresRange,
  perMinuteRange,
  scheduleKeys,
} from './read-schedule.ts';
import { mapOf, oneOrMore, ref, type Schema, said, text, whole } from './schema-parts.ts';

const name: Schema = { type: 'string', pattern: namePattern.source };

/** When a workflow runs, as authors write it. */
export const scheduleSchema: Schema = {
  anyOf: [
    said('A cron expression or macro, "every 15m", or an instant.', text),
    mapOf(scheduleKeys, {
      cron: said('Five fields, six with seconds first, or a macro such as @daily.', text),
      every: ref('time'),
      at: said('Once, at this instant.', text),
      timezone: said('IANA name. Default: UTC.', text),
      dst: said('Times that clocks leave out or bring twice. Default: once.', {
        enum: dstPolicies,
      }),
      start: said('Nothing is due before.', text),
      end: said('Nothing is due then or later.', text),
      exclude: said('2026-12-25, 2026-12-24..2027-01-02, 12-25 each year, sat.', oneOrMore(text)),
      jitter: said('Each run starts up to so much later, by chance.', ref('time')),
      overlap: said('When a run is still open. Default: allow.', { enum: overlaps }),
      'catch-up': said('What becomes of starts that were missed. Default: last.', {
        anyOf: [
          { enum: ['none', 'last', 'all'] },
          mapOf(catchUpKeys, {
            policy: { enum: catchUps },
            window: ref('time'),
            max: whole(catchUpRange),
            'per-minute': whole(perMinuteRange),
          }),
        ],
      }),
      'stop-after-failures': said('So many in a row stop it.', whole(failuresRange)),
      'slot-input': said('The field of the input that gets the time.', name),
    }),
  ],
};
