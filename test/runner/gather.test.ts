import { afterEach, expect, test } from '@jest/globals';
import { claimKey } from '../../src/engine/items.ts';
import { type Home, openHome, workflowOf } from '../support/home.ts';

let home: Home;
afterEach(() => home.close());

const run = { kind: 'snippet', language: 'node', code: 'return 1;' } as const;
const tasks = 40;
const slots = 4;

/** How many puts the claims on all tasks but the first took, when slots come free one by one. */
async function claimPuts(gatherMs: number): Promise<number> {
  let turn = Promise.resolve();
  const inTurn = (): Promise<object> => {
    turn = turn.then(() => new Promise((resolve) => setTimeout(resolve, 2)));
    return turn.then(() => ({}));
  };
  const none = (): boolean => false;
  home = openHome(inTurn, {}, slots, none, () => 0, gatherMs);
  const workflow = workflowOf(Array.from({ length: tasks }, () => ({ run })));
  const { run: submitted } = await home.engine.submit({ workflow });
  expect(await home.ended(submitted.id)).toMatchObject({ state: 'succeeded' });
  return (await home.ports.table.get(claimKey('main', submitted.id, 1)))?.version ?? 0;
}

test('what could start is claimed with what can a little later, while more is at work', async () => {
  // Meanwhile all slots have come free.
  expect(await claimPuts(200)).toBeLessThan(tasks / 2);
});
