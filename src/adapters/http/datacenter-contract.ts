/** What a data centre's API has to answer, so that Fanfold can size pools of runners there. */
import { z } from 'zod';
import { believedMax } from '../pool-bounds.ts';

/** More is not looked at. */
export const answerBytesMax = 16 * 1024;
export const answerMsMax = 5_000;

const count = z.int().min(0).max(believedMax);

export const PoolSizeAnswer = z
  .object({
    wanted: count.describe('How many runners were asked for last. 0 when nobody has asked.'),
    running: count.describe('How many are there: those that take tasks, and those that drain.'),
  })
  .describe('A pool. Members that are not named here are ignored.');

export const PoolSizeRequest = z.strictObject({
  runners: count.describe('How many there are to be. Idempotent: the last request counts.'),
});

const json = (schema: z.ZodType): object => {
  const { $schema: _, ...plain } = z.toJSONSchema(schema);
  return { required: true, content: { 'application/json': { schema: plain } } };
};

const refusals = {
  401: { description: 'The token is missing or wrong.' },
  404: { description: 'There is no such pool.' },
  503: { description: 'Cannot be told or done now. Fanfold asks again, seconds later.' },
};

/** The description in OpenAPI, for those who build such a data centre. */
export const datacenterApi = {
  openapi: '3.1.0',
  info: {
    title: 'Fanfold data centre',
    version: '1',
    description: [
      'What Fanfold asks of whoever starts and stops runners that are not on AWS.',
      `An answer has to come within ${answerMsMax / 1000} s and be at most ${answerBytesMax / 1024} KB; redirects are not followed.`,
      'Fanfold never asks for more runners than its settings allow.',
      'A runner that is no longer wanted gets TERM: it takes no more, and hands back what it cannot end. Nothing is lost when it is killed, but what ran begins anew.',
    ].join(' '),
  },
  security: [{ token: [] }],
  paths: {
    '/pools/{pool}': {
      parameters: [{ name: 'pool', in: 'path', required: true, schema: { type: 'string' } }],
      get: {
        operationId: 'readPool',
        summary: 'How many runners a pool has',
        responses: {
          200: { description: 'The pool as it is now.', ...withoutRequired(json(PoolSizeAnswer)) },
          ...refusals,
        },
      },
      put: {
        operationId: 'sizePool',
        summary: 'How many runners a pool is to have',
        requestBody: json(PoolSizeRequest),
        responses: {
          204: { description: 'Noted. Runners come and go later.' },
          400: { description: 'That is no number of runners.' },
          ...refusals,
        },
      },
    },
  },
  components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
};

function withoutRequired({ required: _, ...body }: { required?: boolean }): object {
  return body;
}

export const printDatacenterApi = (): string => `${JSON.stringify(datacenterApi, undefined, 2)}\n`;
