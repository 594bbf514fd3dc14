import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { systemHost } from '../../src/adapters/memory/host.ts';
import { memoryPorts, memorySystem } from '../../src/adapters/memory/system.ts';
import { systemClock, systemIds, systemRandom } from '../../src/adapters/system.ts';
import type { Task } from '../../src/contract/workflow.ts';
import { acceptWorkflow } from '../../src/definition/accept.ts';
import { compileTiming } from '../../src/definition/timing.ts';
import { createDecider, createEngine } from '../../src/engine/create-engine.ts';
import { renewPackages } from '../../src/engine/packages.ts';
import { defaultSettings, type EngineSettings } from '../../src/engine/settings.ts';
import { openHome, workflowOf } from '../support/home.ts';

const codeOf = (text: string) => {
  const bytes = new Uint8Array(Buffer.from(text));
  const blob = createHash('sha256').update(bytes).digest('hex');
  return { bytes, archive: { blob, size: bytes.length } };
};
const [one, two, three] = ['one', 'two', 'three'].map(codeOf) as [Code, Code, Code];
type Code = ReturnType<typeof codeOf>;

function open(settings: Partial<EngineSettings> = {}) {
  const renewed: string[] = [];
  const caller = { clock: systemClock, ids: systemIds(), random: systemRandom };
  const ports = memoryPorts(memorySystem(systemHost), caller);
  const renew = async (hash: string) => void renewed.push(hash);
  const noting = { ...ports, blobs: { ...ports.blobs, renew } };
  const all = { ...defaultSettings, ...settings };
  const { decider, specs } = createDecider(noting, all);
  const engine = createEngine(decider, specs, acceptWorkflow, async () => [], compileTiming);
  const push = async (name: string, { bytes, archive }: Code) => {
    await engine.putCode(archive.blob, bytes);
    return engine.pushPackage(name, archive);
  };
  return { engine, push, renewed, renewAll: () => renewPackages(noting, all) };
}

const using = (code: string, more: Partial<Task> = {}) => workflowOf([{ id: 'a', code, ...more }]);

describe('a package', () => {
  test('is its versions, which never change; the one pushed last is the one that its name stands for', async () => {
    const { engine, push } = open();
    expect(await push('tool', one)).toMatchObject({ digest: one.archive.blob, isNew: true });
    await push('tool', two);
    expect(await push('tool', one)).toMatchObject({ digest: one.archive.blob, isNew: false });
    const shown = await engine.package('tool');
    expect(shown).toMatchObject({ name: 'tool', digest: one.archive.blob, size: 3 });
    expect(new Set(shown.versions.map(({ digest }) => digest))).toEqual(
      new Set([one.archive.blob, two.archive.blob]),
    );
  });

  test('is listed by name, page by page', async () => {
    const { engine, push } = open();
    for (const name of ['c', 'a', 'd', 'b']) await push(name, one);
    const first = await engine.packages({ limit: 3 });
    expect(first.items.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    const rest = await engine.packages({ limit: 3, after: first.next ?? '' });
    expect([rest.items.map(({ name }) => name), rest.next]).toEqual([['d'], null]);
  });

  test('is refused without its code, or under what is no name', async () => {
    const { engine, push } = open();
    await expect(engine.pushPackage('x', one.archive)).rejects.toThrow(
      'is not here; send it first',
    );
    await expect(push('../x', one)).rejects.toThrow('is no name for a package');
    await expect(engine.package('none')).rejects.toMatchObject({ code: 'package-unknown' });
  });

  test('stays while other blobs leave by their age', async () => {
    const day = 86_400_000;
    const retention = { archiveMs: 0, lingerMs: 0, itemsMs: 0, keepMs: day };
    const { push, renewed, renewAll } = open({ retention });
    await push('tool', one);
    await push('tool', two);
    renewed.length = 0;
    await new Promise((resolve) => setTimeout(resolve, 5));
    await renewAll();
    expect(renewed.sort()).toEqual([one.archive.blob, two.archive.blob].sort());
  });
});

describe('a task that names a package', () => {
  test('has the version of the time of its submit, also when that is asked for again', async () => {
    const { engine, push } = open();
    await push('tool', one);
    const { run } = await engine.submit({ workflow: using('tool') });
    await push('tool', two);
    const again = await engine.submit({ id: run.id, workflow: using('tool') });
    const later = await engine.submit({ workflow: using('tool') });
    const codes = async (id: string) => (await engine.run(id)).codes;
    expect([again.created, await codes(run.id)]).toEqual([false, { tool: one.archive }]);
    expect(await codes(later.run.id)).toEqual({ tool: two.archive });
  });

  test('may name a version by its digest, or the beginning of it', async () => {
    const { engine, push } = open();
    await push('tool', one);
    await push('tool', two);
    const { blob } = one.archive;
    for (const name of [`tool@${blob}`, `tool@sha256:${blob}`, `tool@${blob.slice(0, 8)}`]) {
      const { run } = await engine.submit({ workflow: using(name) });
      expect((await engine.run(run.id)).codes).toEqual({ [name]: one.archive });
    }
    await expect(engine.submit({ workflow: using('tool@0123456789') })).rejects.toThrow(
      'the package tool has no version 0123456789',
    );
    await expect(engine.submit({ workflow: using('none') })).rejects.toThrow(
      'there is no package none: push it by',
    );
  });

  test('and one that names a path get their own code, others the run’s', async () => {
    const given: unknown[] = [];
    const home = openHome(({ task, spec }) => {
      given.push([task, spec.code, spec.dependencies]);
      return {};
    });
    for (const { bytes, archive } of [one, two, three])
      await home.engine.putCode(archive.blob, bytes);
    await home.engine.pushPackage('tool', one.archive);
    const tasks: Task[] = [
      { id: 'a', run: shell, code: 'tool' },
      { id: 'b', run: shell, code: './b', dependencies: 'off' },
      { id: 'c', run: shell },
      { id: 'd', run: shell, dependencies: 'auto' },
    ];
    const { run } = await home.engine.submit({
      workflow: workflowOf(tasks),
      code: three.archive,
      codes: { './b': two.archive },
    });
    await home.ended(run.id);
    await home.close();
    expect(given.sort()).toEqual([
      ['a', one.archive, 'auto'],
      ['b', two.archive, undefined],
      ['c', three.archive, undefined],
      ['d', three.archive, 'auto'],
    ]);
  });
});

const shell = { kind: 'shell', line: 'true' } as const;

describe('refused at submit is', () => {
  test.each<[string, object, string]>([
    ['a path of which nothing was sent', using('./a'), 'task a: its code ./a was not sent along'],
    [
      'what would be installed without code',
      workflowOf([{ id: 'a', dependencies: 'auto' }]),
      'its dependencies cannot be installed, since it has no code',
    ],
  ])('%s', async (_, workflow, message) => {
    const { engine } = open();
    await expect(engine.submit({ workflow: workflow as never })).rejects.toThrow(message);
  });

  test('code that no task has, and a folder that is to be installed for', async () => {
    const { engine } = open({ codeFolders: true });
    const folder = { folder: '/somewhere' };
    await expect(
      engine.submit({ workflow: using('./a'), codes: { './a': folder } }),
    ).rejects.toThrow('since its code is a folder');
    await expect(
      engine.submit({
        workflow: using('./a', { dependencies: 'off' }),
        codes: { './a': folder, './b': folder },
      }),
    ).rejects.toThrow('no task has the code ./b');
  });
});
