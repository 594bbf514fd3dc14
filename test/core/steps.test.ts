import { expect, test } from '@jest/globals';
import type { Run, Step } from '../../src/contract/workflow.ts';
import { stepInputs } from '../../src/core/steps.ts';

const shell = (line: string): Run => ({ kind: 'shell', line });

test('a run without steps has no step inputs', () => {
  expect(stepInputs(shell('true')).templates).toEqual([]);
});

test('inputs of steps come in the order they are written, nested ones in place', () => {
  const inner: Step = { run: shell('c'), with: 'inner' };
  const first: Step = { run: shell('a'), with: { n: 1 } };
  const nest: Step = { run: { kind: 'tandem', steps: [{ run: shell('b') }, inner] } };
  const last: Step = { run: shell('d'), with: null };
  const { templates, places } = stepInputs({ kind: 'sequence', steps: [first, nest, last] });
  expect(templates).toEqual([{ n: 1 }, 'inner', null]);
  expect([first, inner, last].map((step) => places.get(step))).toEqual([0, 1, 2]);
  expect(places.has(nest)).toBe(false);
});
