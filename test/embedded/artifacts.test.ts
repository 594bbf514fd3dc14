import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from '../../src/client/client.ts';
import type { Run, Task } from '../../src/contract/workflow.ts';
import { type Embedded, startEmbedded } from '../../src/embedded/index.ts';

const dataFolder = mkdtempSync(join(tmpdir(), 'fanfold-artifacts-'));
let open: Embedded;
beforeAll(async () => {
  open = await startEmbedded({ dataFolder, slots: 4, port: 0 });
});
afterAll(async () => {
  await open.close();
  rmSync(dataFolder, { recursive: true, force: true });
});

const shell = (line: string): Run => ({ kind: 'shell', line });
const node = (code: string): Run => ({ kind: 'snippet', language: 'node', code });
const python = (code: string): Run => ({ kind: 'snippet', language: 'python', code });

async function ended(...tasks: Task[]) {
  const { run } = await open.engine.submit({ workflow: { name: 'w', tasks } });
  await open.engine.end(run.id, 300_000);
  return open.engine.run(run.id);
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const storedAs = (hash: string): string =>
  join(dataFolder, 'blobs', hash.slice(0, 2), hash.slice(2, 4), hash);
const left = async (run: string, task: string) =>
  (await open.engine.artifacts(run, { task })).items.map(({ path, size }) => [path, size]);

/** The most that buffers have taken that were in use, while the work was done. */
async function bufferPeak(work: () => Promise<unknown>): Promise<number> {
  let peak = 0;
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const before = process.memoryUsage().external;
  const timer = setInterval(() => {
    // What the first finds is given back at the latest by the second.
    collect();
    collect();
    peak = Math.max(peak, process.memoryUsage().external - before);
  }, 400);
  await work().finally(() => clearInterval(timer));
  return peak;
}

test('50 MB go through Node, Python and a shell in one DAG, and not through our memory', async () => {
  const bytes = 50 << 20;
  const write = `
    const { openSync, writeSync } = await import('node:fs');
    const { createHash, randomBytes } = await import('node:crypto');
    const file = openSync(task.artifacts + '/data.bin', 'w');
    const hash = createHash('sha256');
    for (let at = 0; at < 50; at++) { const part = randomBytes(1 << 20); hash.update(part); writeSync(file, part); }
    return hash.digest('hex');`;
  const turn = `
import hashlib, os
seen, made = hashlib.sha256(), hashlib.sha256()
os.mkdir(task.artifacts + "/out")
with open(task.inputs + "/make/data.bin", "rb") as given, open(task.artifacts + "/out/turned.bin", "wb") as out:
    while part := given.read(1 << 20):
        seen.update(part)
        part = part[::-1]
        made.update(part)
        out.write(part)
return [seen.hexdigest(), made.hexdigest()]`;
  const sum = 'sha256sum < "$TASK_INPUTS/turn/out/turned.bin" | sed \'s/ .*/"/; s/^/"/\'';
  let view: Awaited<ReturnType<typeof ended>> | undefined;
  const peak = await bufferPeak(async () => {
    view = await ended(
      { id: 'make', artifacts: true, run: node(write) },
      { id: 'turn', artifacts: true, run: python(turn), needs: ['make'] },
      { id: 'use', run: shell(sum), needs: ['turn'] },
    );
  });
  expect(view?.failures).toEqual([]);
  const { id } = view as { id: string };
  const [made, turned, used] = await Promise.all(
    ['make', 'turn', 'use'].map(async (task) => (await open.engine.task(id, task)).output),
  );
  expect(turned).toEqual([made, used]);
  expect(await left(id, 'make')).toEqual([['data.bin', bytes]]);
  expect(await left(id, 'turn')).toEqual([['out/turned.bin', bytes]]);
  expect((await open.engine.task(id, 'turn')).artifacts).toEqual({ count: 1, bytes });
  expect(peak).toBeLessThan(bytes);
}, 300_000);

test('equal content is stored once, and given to each sub-task and from each in a folder of its own', async () => {
  const leave = 'echo same > "$TASK_ARTIFACTS/a"; cp "$TASK_ARTIFACTS/a" "$TASK_ARTIFACTS/b"';
  const list = 'cd "$TASK_INPUTS" && find . -type f | sort | tr "\\n" " " | sed \'s/^/"/; s/$/"/\'';
  const view = await ended(
    { id: 'each', artifacts: true, each: [[1, 2]], run: shell(leave) },
    { id: 'list', run: shell(list), needs: ['each'] },
    { id: 'lists', each: [[1, 2]], run: shell(list), needs: ['each'] },
  );
  const files = './each/0/a ./each/0/b ./each/1/a ./each/1/b ';
  expect(view.outputs).toEqual({ list: files, lists: [files, files] });
  const { items } = await open.engine.artifacts(view.id, {});
  expect(items.map(({ task, path }) => `${task} ${path}`)).toEqual([
    'each[0] a',
    'each[0] b',
    'each[1] a',
    'each[1] b',
  ]);
  expect(new Set(items.map(({ blob }) => blob))).toEqual(new Set([hashOf('same\n')]));
  expect(readdirSync(join(storedAs(hashOf('same\n')), '..'))).toEqual([hashOf('same\n')]);
});

test('what is given can only be read, runs where it ran, and what is left by a failure is not kept', async () => {
  const leave =
    'printf "#!/bin/sh\\necho 7" > "$TASK_ARTIFACTS/run"; chmod +x "$TASK_ARTIFACTS/run"';
  const view = await ended(
    { id: 'tool', artifacts: true, run: shell(leave) },
    { id: 'fails', artifacts: true, mayFail: true, run: shell(`${leave}; exit 1`) },
    {
      id: 'use',
      needs: ['fails', 'tool'],
      rule: 'all-done',
      run: shell('ls "$TASK_INPUTS"; stat -c %a "$TASK_INPUTS/tool/run"; "$TASK_INPUTS/tool/run"'),
    } as Task,
  );
  expect(view.outputs).toEqual({ use: 7 });
  const { lines } = await open.engine.logs({ run: view.id, task: 'use' });
  expect(lines.map(({ text }) => text)).toEqual(['tool', '555', '7']);
});

test('a damaged or missing artifact fails the task that needs it, by name', async () => {
  const damage = (hash: string) => writeFileSync(storedAs(hash), 'other');
  const gone = (hash: string) => rmSync(storedAs(hash));
  for (const [text, harm, why] of [
    ['one', damage, 'is damaged'],
    ['two', gone, 'is missing'],
  ] as const) {
    const hash = hashOf(text);
    // Harmed by the task between: it leaves nothing, and who comes after it needs both.
    const { run } = await open.engine.submit({
      workflow: {
        name: 'w',
        tasks: [
          { id: 'leave', artifacts: true, run: shell(`printf ${text} > "$TASK_ARTIFACTS/it"`) },
          {
            id: 'wait',
            run: shell(`while test ! -e "${dataFolder}/${text}"; do sleep 0.05; done`),
          },
          { id: 'use', needs: ['leave', 'wait'], run: shell('true') },
        ],
      },
    });
    while ((await open.engine.task(run.id, 'leave')).state !== 'succeeded')
      await new Promise((resolve) => setTimeout(resolve, 20));
    harm(hash);
    writeFileSync(join(dataFolder, text), '');
    await open.engine.end(run.id, 60_000);
    const { failures } = await open.engine.run(run.id);
    expect(failures).toMatchObject([{ task: 'use', error: { reason: 'artifacts' } }]);
    const message = failures[0]?.error.message;
    expect(message).toMatch(/^artifact it of leave cannot be used/);
    expect(message).toContain(hash);
    expect(message).toContain(why);
  }
});

test('the API lists artifacts and gives their bytes, and says which is not there', async () => {
  const leave = 'printf hello > "$TASK_ARTIFACTS/ä b.txt"';
  const { id } = await ended({ id: 'leave', artifacts: true, run: shell(leave) });
  const headers = { authorization: `Bearer ${open.token}` };
  const client = new Client({ url: open.url as string, headers });
  const { items } = await client.artifacts(id, { task: 'leave' });
  expect(items).toEqual([{ task: 'leave', path: 'ä b.txt', size: 5, blob: hashOf('hello') }]);
  const content = (await client.artifact(id, 'leave', 'ä b.txt')) as {
    parts: AsyncIterable<Uint8Array>;
  };
  const parts: Uint8Array[] = [];
  for await (const part of content.parts) parts.push(part);
  expect(Buffer.concat(parts).toString()).toBe('hello');
  await expect(client.artifact(id, 'leave', 'x')).rejects.toThrow(
    'task leave has left no artifact x',
  );
  await expect(client.artifacts(id, { task: 'x' })).rejects.toThrow(`run ${id} has no task x`);
});

test.each([
  ['a symbolic link', 'ln -s /etc/passwd "$TASK_ARTIFACTS/x"', 'artifact x is a symbolic link'],
  ['a pipe', 'mkdir "$TASK_ARTIFACTS/d"; mkfifo "$TASK_ARTIFACTS/d/x"', 'artifact d/x is no file'],
  ['a file that is too large', 'truncate -s 6G "$TASK_ARTIFACTS/x"', 'at most 5368709120'],
])('%s in the folder fails that task alone', async (_name, line, message) => {
  const view = await ended(
    { id: 'bad', artifacts: true, run: shell(line) },
    { id: 'good', run: shell('true') },
  );
  expect(view.failures).toMatchObject([{ task: 'bad', error: { reason: 'artifacts' } }]);
  expect(view.failures[0]?.error.message).toContain(message);
  expect((await open.engine.task(view.id, 'good')).state).toBe('succeeded');
});
