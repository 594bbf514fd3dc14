import { expect, test } from '@jest/globals';
import type { Json } from '../../src/contract/json.ts';
import { Once } from '../../src/runner/once.ts';
import { openScene, runId, runnerA, runnerB, type Scene } from '../support/scene.ts';

/**
 * Goal: an effect is had once for each task and key, whoever asks.
 * Method: runners over one table in memory, asked by hand.
 */
const attempt = (number = 1, id = 'charge') => ({ run: runId, id, attempt: number });
const once = ({ ports, settings }: Scene, runner: string) => new Once(ports, settings, runner);
const key = 'k';

test('who asks first is to have the effect, who comes later gets what it gave', async () => {
  const scene = openScene();
  const a = once(scene, runnerA);
  expect(await a.ask(attempt(), { key })).toEqual({ mine: true });
  expect(await a.ask(attempt(), { key, value: { id: 7 } })).toEqual({ kept: true });
  expect(await once(scene, runnerB).ask(attempt(), { key })).toEqual({ value: { id: 7 } });
  expect(await a.ask(attempt(2), { key })).toEqual({ value: { id: 7 } });
});

test('what it gave may be nothing', async () => {
  const scene = openScene();
  const a = once(scene, runnerA);
  await a.ask(attempt(), { key, value: null });
  expect(await a.ask(attempt(2), { key })).toEqual({ value: null });
});

test('another key, task or run is another effect', async () => {
  const scene = openScene();
  const a = once(scene, runnerA);
  await a.ask(attempt(), { key, value: 1 });
  expect(await a.ask(attempt(), { key: 'l' })).toEqual({ mine: true });
  expect(await a.ask(attempt(1, 'other'), { key })).toEqual({ mine: true });
  expect(await a.ask({ ...attempt(), run: `${runId.slice(0, -1)}1` }, { key })).toEqual({
    mine: true,
  });
});

test('who asks again before it was had is still to have it', async () => {
  const a = once(openScene(), runnerA);
  await a.ask(attempt(), { key });
  expect(await a.ask(attempt(), { key })).toEqual({ mine: true });
});

test('of a message that came twice one has the effect, the other waits as long as the first lives', async () => {
  const scene = openScene();
  const [a, b] = [once(scene, runnerA), once(scene, runnerB)];
  expect(await a.ask(attempt(), { key })).toEqual({ mine: true });
  expect(await b.ask(attempt(), { key })).toEqual({ wait: expect.any(Number) });
  scene.pass(scene.settings.leaseMs - 1);
  await scene.beat(runnerA, [[0, 1]]);
  scene.pass(1);
  expect(await b.ask(attempt(), { key })).toEqual({ wait: expect.any(Number) });
  scene.pass(scene.settings.leaseMs);
  expect(await b.ask(attempt(), { key })).toEqual({ mine: true });
  expect(await a.ask(attempt(), { key, value: 1 })).toEqual({ error: expect.any(String) });
  expect(await b.ask(attempt(), { key, value: 2 })).toEqual({ kept: true });
  expect(await a.ask(attempt(), { key, value: 1 })).toEqual({ value: 2 });
});

test('the next attempt takes over what the one before has not had to its end', async () => {
  const scene = openScene();
  const [a, b] = [once(scene, runnerA), once(scene, runnerB)];
  await a.ask(attempt(), { key });
  expect(await b.ask(attempt(2), { key })).toEqual({ mine: true });
  expect(await a.ask(attempt(), { key })).toEqual({ error: 'a later attempt is at it' });
  expect(await a.ask(attempt(), { key, value: 1 })).toEqual({ error: 'a later attempt is at it' });
  expect(await b.ask(attempt(2), { key, value: 2 })).toEqual({ kept: true });
});

test('of many that ask at the same time one has the effect', async () => {
  const scene = openScene();
  const runners = Array.from({ length: 20 }, (_, n) =>
    once(scene, `01JGC${String(n).padStart(21, '0')}`),
  );
  const answers = await Promise.all(runners.map((runner) => runner.ask(attempt(), { key })));
  expect(answers.filter((answer) => 'mine' in answer)).toHaveLength(1);
  expect(answers.filter((answer) => 'wait' in answer)).toHaveLength(19);
});

test.each<[string, string, Json | undefined]>([
  ['no key', '', undefined],
  ['a long key', 'k'.repeat(1001), undefined],
  ['a large value', 'k', 'x'.repeat(65_537)],
])('%s is refused', async (_, name, value) => {
  const asked = value === undefined ? { key: name } : { key: name, value };
  expect(await once(openScene(), runnerA).ask(attempt(), asked)).toEqual({
    error: expect.stringMatching(/1,?000|65536/),
  });
});
