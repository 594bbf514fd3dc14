import { expect } from '@jest/globals';
import type { AwsClients } from '../../../src/adapters/aws/clients.ts';
import type { Table } from '../../../src/ports/table.ts';
import { Unavailable } from '../../../src/ports/table.ts';
import { freshPartition, item } from '../../ports/table-kit.ts';
import { silence, throttled } from '../../support/aws-stub.ts';
import type { Dice } from '../../support/dice.ts';

const writes = new Set(['PutItemCommand', 'DeleteItemCommand', 'BatchWriteItemCommand']);

/** From now on some writes are refused, and the answers to some that were applied are lost. */
export function loseAnswers({ dynamo }: Pick<AwsClients, 'dynamo'>, dice: Dice): void {
  const middleware =
    <T>(next: (args: T) => Promise<never>, context: { readonly commandName?: string }) =>
    async (args: T) => {
      if (!writes.has(context.commandName ?? '')) return next(args);
      if (dice.chance(0.1)) throw throttled();
      const answer = await next(args);
      if (dice.chance(0.3)) throw silence();
      return answer;
    };
  const options = { step: 'finalizeRequest', priority: 'high', name: 'lose-answers' } as const;
  dynamo.middlewareStack.add(middleware as never, options);
}

/**
 * Goal: a put that is told to be refused was not applied, and one that is told to be done was.
 * Method: some workers add their steps to one list under its version; who is refused does his step again, who is not
 * answered looks whether it is there. In the end each step is there once.
 */
export async function addStepsInSilence(table: Table): Promise<void> {
  const key = { partition: freshPartition(), sort: 'a' };
  const stepsEach = 12;
  await table.put(item(key.partition, key.sort, 1, { steps: [] }), 'any');
  const work = async (worker: number): Promise<void> => {
    for (let step = 0; step < stepsEach; ) {
      const found = await table.get(key);
      const steps = (found?.data.steps ?? []) as string[];
      const own = `${worker}.${step}`;
      const version = found?.version ?? 0;
      const next = { ...key, version: version + 1, data: { steps: [...steps, own] } };
      try {
        if ((await table.put(next, { version })).done) step++;
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        const now = ((await table.get(key))?.data.steps ?? []) as string[];
        if (now.includes(own)) step++;
      }
    }
  };
  await Promise.all([0, 1, 2, 3].map(work));
  const steps = (await table.get(key))?.data.steps as string[];
  expect(new Set(steps).size).toBe(4 * stepsEach);
  expect(steps).toHaveLength(4 * stepsEach);
}

/** Of many who insert under one key one is told that it is done, and its item lies there. */
export async function insertInSilence(table: Table): Promise<void> {
  const partition = freshPartition();
  for (const sort of ['a', 'b', 'c']) {
    const racers = Array.from({ length: 12 }, (_, racer) =>
      table.put(item(partition, sort, 1, { racer }), 'absent'),
    );
    const winners = (await Promise.all(racers)).flatMap(({ done }, racer) => (done ? [racer] : []));
    expect(winners).toHaveLength(1);
    expect((await table.get({ partition, sort }))?.data).toEqual({ racer: winners[0] });
  }
}
