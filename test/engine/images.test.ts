import { expect, test } from '@jest/globals';
import type { ImageTypes } from '../../src/contract/image.ts';
import type { Task, Workflow } from '../../src/contract/workflow.ts';
import { readImageLabels } from '../../src/definition/image-labels.ts';
import { openHome } from '../support/home.ts';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const idle = { kind: 'none' } as const;

function open() {
  const home = openHome(() => ({ output: 'done' }));
  const { images } = home.engine;
  const push = (letter: string, read: ImageTypes, pushedAt: number, pool = 'default') =>
    images.push({
      pool,
      repository: 'fanfold/video',
      digest: digest(letter),
      labels: {},
      pushedAt,
      read,
    });
  const label = (letter: string, tasks: Readonly<Record<string, string>>, pushedAt: number) => {
    const labels = Object.entries(tasks).map(([name, text]) => [`dev.fanfold.task.${name}`, text]);
    return push(letter, readImageLabels(Object.fromEntries(labels), 'default'), pushedAt);
  };
  const submit = async (...tasks: Task[]) => {
    const workflow: Workflow = { name: 'w', tasks };
    return (await home.engine.submit({ workflow })).run.id;
  };
  return { ...home, images, push, label, submit };
}

const cut = (more: Partial<Task> = {}): Task => ({
  id: 'a',
  image: 'default/cut',
  run: idle,
  ...more,
});

test('new runs get the newest image, and those that began before keep theirs, also when they are run again', async () => {
  const { engine, label, submit, ended, close } = open();
  await label('1', { cut: '{command: [/old], retries: 2}' }, 1);
  const before = await submit(cut());
  await label('2', { cut: '{command: [/new]}' }, 2);
  const after = await submit(cut());
  for (const id of [before, after]) expect((await ended(id)).state).toBe('succeeded');
  await engine.control(before, { action: 'rerun', tasks: ['a'] });
  await ended(before);
  const images = await Promise.all(
    [before, after].map(async (id) => (await engine.task(id, 'a')).image),
  );
  expect(images).toEqual([`default/cut@${digest('1')}`, `default/cut@${digest('2')}`]);
  await close();
});

test('what runs, where and with what is said by the image; the workflow may say otherwise of sizes and limits', async () => {
  const { decider, label, submit, close } = open();
  const text =
    '{command: [/cut], resources: {cpu: 2, memory: 1GB}, env: {A: image, B: image}, timeout: 5m}';
  await label('1', { cut: text }, 1);
  const id = await submit(cut({ resources: { cpu: 4 }, env: { B: 'own' }, with: { n: 1 } }));
  const run = await decider.runs.look(id);
  expect(run?.progress.graph.dag.tasks[0]).toMatchObject({
    id: 'a',
    image: `default/cut@${digest('1')}`,
    run: { kind: 'command', argv: ['/cut'] },
    resources: { cpu: 4, memoryMb: 1024 },
    env: { A: 'image', B: 'own' },
    limits: { runMs: 300_000 },
    with: { n: 1 },
  });
  await close();
});

test('a type that needs another makes its tasks need those of that type, and is refused where there are none', async () => {
  const { engine, label, submit, ended, close } = open();
  await label('1', { cut: '{command: [/cut], needs: fetch}', fetch: '{command: [/fetch]}' }, 1);
  const fetch = (id: string): Task => ({ id, image: 'default/fetch', run: idle });
  const run = await submit(cut({ id: 'z' }), fetch('b'), fetch('c'));
  expect((await engine.task(run, 'z')).needs).toEqual(['b', 'c']);
  expect((await ended(run)).state).toBe('succeeded');
  await expect(submit(cut())).rejects.toThrow(
    'task a: its type default/cut needs a task of the type default/fetch, and this workflow has none',
  );
  await close();
});

test('a rejected image is kept with why, and new runs go on with the one before', async () => {
  const { engine, images, label, submit, close } = open();
  await expect(submit(cut())).rejects.toThrow('no image was pushed for the pool default');
  await label('9', { cut: '{}' }, 1);
  await expect(submit(cut())).rejects.toThrow(
    /no image for the pool default was accepted yet; .*nothing to do/,
  );
  await label('1', { cut: '{command: [/cut]}' }, 2);
  const rejected = await label('8', { cut: '{runn: x}' }, 3);
  expect(rejected).toMatchObject({
    state: 'rejected',
    why: expect.stringMatching(/runn/),
    tasks: [],
  });
  expect((await engine.task(await submit(cut()), 'a')).image).toBe(`default/cut@${digest('1')}`);
  const [summary] = await images.list();
  expect(summary).toMatchObject({
    pool: 'default',
    current: { digest: digest('1'), tasks: ['cut'] },
    last: { digest: digest('8'), state: 'rejected' },
  });
  const shown = await images.show('default');
  expect(shown.versions.map(({ state }) => state)).toEqual(['rejected', 'accepted', 'rejected']);
  expect(shown.types.map(({ id }) => id)).toEqual(['cut']);
  await expect(images.show('other')).rejects.toThrow('no image was pushed for the pool other');
  await expect(submit(cut({ image: `default/cut@${digest('8')}` }))).rejects.toThrow(
    'was rejected',
  );
  await close();
});

test('a push that is told of late, or again, changes no new run', async () => {
  const { engine, images, label, submit, close } = open();
  await label('2', { cut: '{command: [/new]}' }, 2);
  await label('1', { cut: '{command: [/old]}' }, 1);
  await label('2', { cut: '{command: [/new]}' }, 2);
  expect((await engine.task(await submit(cut()), 'a')).image).toBe(`default/cut@${digest('2')}`);
  expect((await images.show('default')).versions.map((one) => one.digest)).toEqual([
    digest('2'),
    digest('1'),
  ]);
  // By its digest, or the beginning of it, an older one is to be had.
  const old = await submit(cut({ image: `default/cut@${digest('1').slice(0, 20)}` }));
  expect((await engine.task(old, 'a')).image).toBe(`default/cut@${digest('1')}`);
  await close();
});

test('a submit that is repeated after a push is the run that it was', async () => {
  const { engine, label, close } = open();
  await label('1', { cut: '{command: [/old]}' }, 1);
  const id = '01JD8K7QZZZZZZZZZZZZZZZZZZ';
  const request = { id, workflow: { name: 'w', tasks: [cut()] } };
  expect((await engine.submit(request)).created).toBe(true);
  await label('2', { cut: '{command: [/new]}' }, 2);
  expect((await engine.submit(request)).created).toBe(false);
  const other = { id, workflow: { name: 'w', tasks: [cut({ with: 7 })] } };
  await expect(engine.submit(other)).rejects.toThrow('exists already');
  await close();
});

test('what a run was made of can be run by another, as it is', async () => {
  const { engine, label, submit, decider, close } = open();
  await label('1', { cut: '{command: [/old]}' }, 1);
  const first = await decider.runs.look(await submit(cut()));
  await label('2', { cut: '{command: [/new]}' }, 2);
  const tasks = [...(first?.progress.graph.dag.tasks ?? [])];
  const { run } = await engine.submit({ workflow: { name: 'w', tasks } });
  expect(run.hash).toBe(first?.meta.hash);
  await close();
});

test('a type that the image lacks is told of, with those that it has', async () => {
  const { label, push, submit, close } = open();
  await label('1', { paste: '{command: [/p]}' }, 1);
  await expect(submit(cut())).rejects.toThrow(/has no task type cut; only paste/);
  await push('2', { types: [] }, 2);
  await expect(submit(cut())).rejects.toThrow(
    /has no task type cut; it has none: its labels name no task/,
  );
  await expect(push('3', { types: [] }, 3, 'no/name')).rejects.toThrow('is no name of a pool');
  await close();
});
