import { afterEach, expect, test } from '@jest/globals';
import { type Home, openHome, workflowOf } from '../support/home.ts';

let home: Home | undefined;
afterEach(async () => {
  await home?.close();
  home = undefined;
});

test('a task is shown with its input, a large one by reference', async () => {
  home = openHome(({ task }) => ({ output: task === 'big' ? 'x'.repeat(40_000) : 7 }));
  const { run } = await home.engine.submit({
    workflow: workflowOf([
      { id: 'big' },
      { id: 'small' },
      { id: 'given', needs: ['small'], with: { n: '${{ tasks.small.output }}' } },
      { id: 'map', each: [[1, 2]] },
      { id: 'much', needs: ['big'], with: { text: '${{ tasks.big.output }}' } },
      { id: 'late', needs: ['much', 'never'], with: { n: '${{ tasks.small.output }}' } },
      { id: 'never', needs: ['small'], rule: 'all-failed' },
    ]),
    input: { day: 'x' },
  });
  await home.ended(run.id);
  const inputs: Record<string, unknown> = {};
  for (const id of ['small', 'given', 'map', 'map[1]', 'late'])
    inputs[id] = (await home.engine.task(run.id, id)).input;
  expect(inputs).toEqual({ small: { day: 'x' }, given: { n: 7 }, 'map[1]': 2 });
  const much = await home.engine.task(run.id, 'much');
  expect(much).not.toHaveProperty('input');
  const { blob = '', size } = much.inputBlob ?? {};
  const bytes = await home.ports.blobs.get(blob);
  expect(bytes).toHaveLength(size ?? 0);
  expect(JSON.parse(new TextDecoder().decode(bytes))).toEqual({ text: 'x'.repeat(40_000) });
});
