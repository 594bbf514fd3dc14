import { describe, expect, jest, test } from '@jest/globals';
import { controlRun } from '../../src/engine/control-run.ts';
import { fanOut } from '../../src/engine/fan-out.ts';
import type { EngineSettings } from '../../src/engine/settings.ts';
import { openScene, runId, workOf } from '../support/scene.ts';

describe.each<{ who: string; settings: Partial<EngineSettings> }>([
  { who: 'who decides alone', settings: { soleDecider: true } },
  { who: 'one of many deciders', settings: { soleDecider: false } },
])('$who', ({ settings }) => {
  test('begins and ends a small run without reading it', async () => {
    const scene = openScene(settings);
    await scene.submit([workOf('a'), workOf('b', { needs: ['a'] })]);
    const get = jest.spyOn(scene.ports.table, 'get');
    await scene.fold();
    expect(scene.own.runs.cached(runId)).toBeUndefined();
    expect(scene.own.runs.standing(runId)).toMatchObject({ state: 'running', generation: 1 });
    expect(await scene.drain()).toEqual(['a@1']);
    await scene.report({ task: 0 });
    await scene.fold();
    expect(await scene.drain()).toEqual(['b@1']);
    await scene.report({ task: 1 });
    await scene.fold();
    expect(get).not.toHaveBeenCalled();
    expect(await scene.state()).toBe('succeeded');
  });

  test('cancels a run that has begun and was never loaded', async () => {
    const scene = openScene(settings);
    await scene.submit([workOf('a')]);
    await scene.fold();
    await controlRun(scene.own, runId, { action: 'cancel' });
    expect(scene.own.runs.standing(runId)?.state ?? 'cancelled').toBe('cancelled');
    expect(await scene.state()).toBe('cancelled');
  });
});

test('who decides alone begins a run again when its item comes again, also when it went on meanwhile', async () => {
  const scene = openScene({ soleDecider: true });
  await scene.submit([workOf('a'), workOf('b', { needs: ['a'] })]);
  const meta = scene.inserted();
  for (let i = 0; i < 2; i++) {
    await fanOut(scene.own, meta);
    expect(await scene.drain()).toEqual(['a@1']);
  }
  await scene.report({ task: 0 });
  await scene.fold();
  expect(await scene.drain()).toEqual(['b@1']);
  await fanOut(scene.own, meta);
  expect(await scene.drain()).toEqual([]);
  await scene.report({ task: 1 });
  await scene.fold();
  await fanOut(scene.own, meta);
  expect(await scene.drain()).toEqual([]);
  expect(await scene.state()).toBe('succeeded');
});

test('who decides alone does not begin what was cancelled before', async () => {
  const scene = openScene({ soleDecider: true });
  await scene.submit([workOf('a')]);
  const meta = scene.inserted();
  await controlRun(scene.own, runId, { action: 'cancel' });
  await fanOut(scene.own, meta);
  expect(await scene.drain()).toEqual([]);
  expect(await scene.state()).toBe('cancelled');
});

test('what another decider did meanwhile is seen by one that has only begun the run', async () => {
  const scene = openScene();
  await scene.submit([workOf('a'), workOf('b', { needs: ['a'] })]);
  await scene.fold();
  const { decider: other } = scene.decider();
  await scene.report({ task: 0 });
  const pack = scene.inserted();
  await fanOut(other, pack);
  await scene.report({ task: 1 });
  await scene.fold();
  expect(await scene.state()).toBe('succeeded');
});

test('runs of one workflow that begin alike share nothing that one of them changes', async () => {
  const scene = openScene({ soleDecider: true });
  await scene.submit([
    workOf('a', { retry: { attemptsMax: 2, backoff: { delayMsMin: 0 } } }),
    workOf('b'),
  ]);
  const [first] = scene.inserted();
  await fanOut(scene.own, first ? [first] : []);
  await scene.drain();
  await scene.report({ task: 0, outcome: 'failed', endedAt: 0 }, { task: 1 });
  await scene.fold();
  expect(await scene.drain()).toEqual(['a@2']);
  const twin = '01JG0000000000000000000001';
  const partition = first?.partition.replace(runId, twin) ?? '';
  const item = {
    ...first,
    partition,
    sort: 'META',
    version: 1,
    data: { ...first?.data, id: twin },
  };
  await scene.ports.table.put(item, 'absent');
  await scene.fold();
  expect(await scene.drain()).toEqual(['a@1', 'b@1']);
});

test.each([
  { what: 'a map', task: workOf('a', { each: [[1, 2]] }), want: ['a[0]@1', 'a[1]@1'] },
  { what: 'a task that does nothing', task: workOf('a', { run: { kind: 'none' } }), want: [] },
])('a run that begins with $what is loaded, and goes on', async ({ task, want }) => {
  const scene = openScene({ soleDecider: true });
  await scene.submit([task, workOf('z', { needs: ['a'] })]);
  await scene.fold();
  expect(await scene.drain()).toEqual(want.length > 0 ? want : ['z@1']);
});
