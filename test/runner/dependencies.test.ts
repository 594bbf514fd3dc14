import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import type { Run } from '../../src/contract/workflow.ts';
import { pack, shelf, wheel } from './packed.ts';
import { node, openRig, python, type Rig, shell } from './rig.ts';

const folder = mkdtempSync(join(tmpdir(), 'fanfold-dependencies-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const blobs = shelf();
const dependencies = 'auto' as const;
const code = (files: Parameters<typeof pack>[0]) => ({
  code: blobs.put(pack(files)),
  dependencies,
});

/** All that pip needs is in the code. */
const pythonCode = (value = 'from a wheel') => ({
  'requirements.txt': '--no-index\n--find-links wheels\nhello\n',
  'wheels/hello-1.0-py3-none-any.whl': wheel('hello', '1.0', value),
  'tasks/hi.py': 'import hello\n\ndef hi(input, task):\n    return hello.VALUE\n',
  'tasks/say.py': 'import json, hello\nprint(json.dumps(hello.VALUE))\n',
});

/** A package that is built by a program of its own. */
const builtBy = (program: string) => ({
  'requirements.txt': '--no-index\n./own\n',
  'own/pyproject.toml':
    '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
  'own/backend.py': program,
});

const nodeCode = {
  'package.json': '{"name":"x","private":true,"dependencies":{"hello":"file:vendor/hello"}}',
  'vendor/hello/package.json': '{"name":"hello","version":"1.0.0","type":"module","bin":"say.js"}',
  'vendor/hello/index.js': 'export const value = "from a package";',
  'vendor/hello/say.js': '#!/usr/bin/env node\nconsole.log(\'"by its program"\');',
  'tasks/hi.mjs': 'import { value } from "hello";\nexport const hi = () => value;',
  'tasks/say.mjs': 'import { value } from "hello";\nconsole.log(JSON.stringify(value));',
};

let rig: Rig;
afterEach(() => rig.close());
const open = (name: string, more: Parameters<typeof openRig>[0] = {}): Rig => {
  const dependenciesFolder = join(folder, name);
  rig = openRig({ blobs: { get: blobs.get }, dependenciesFolder, ...more });
  return rig;
};
const installed = (name: string) =>
  readdirSync(join(folder, name)).filter((one) => /^\w+-[0-9a-f]{40}$/.test(one));

const fn = (language: 'node' | 'python', path: string): Run => ({
  kind: 'function',
  language,
  path,
  name: 'hi',
});
const script = (language: 'node' | 'python', path: string): Run => ({
  kind: 'script',
  language,
  path,
});

describe('what the code needs is installed', () => {
  test('for Python: functions, scripts, snippets and programs find it', async () => {
    open('python');
    const spec = code(pythonCode());
    const runs = [
      fn('python', 'tasks/hi.py'),
      script('python', 'tasks/say.py'),
      python('import hello\nreturn hello.VALUE'),
      shell('python3 tasks/say.py'),
    ];
    for (const run of runs)
      expect(await rig.run(run, spec)).toMatchObject({
        outcome: 'succeeded',
        output: 'from a wheel',
      });
    expect(installed('python')).toHaveLength(1);
  });

  test('for Node: functions, scripts, snippets and programs find it', async () => {
    open('node');
    const spec = code(nodeCode);
    const runs = [
      fn('node', 'tasks/hi.mjs'),
      script('node', 'tasks/say.mjs'),
      node('return (await import(`${process.cwd()}/tasks/hi.mjs`)).hi();'),
      shell('node tasks/say.mjs'),
    ];
    for (const run of runs)
      expect(await rig.run(run, spec)).toMatchObject({
        outcome: 'succeeded',
        output: 'from a package',
      });
    expect(installed('node')).toHaveLength(1);
  });

  test('once for fifty tasks, with the wait told as a step; a second start installs nothing', async () => {
    open('fifty', { slots: 50 });
    const spec = { ...code(pythonCode('fifty')), run: script('python', 'tasks/say.py') };
    const keys = rig.startAll(
      spec,
      Array.from({ length: 50 }, () => null),
    );
    for (const key of keys)
      expect(await rig.ended(key)).toMatchObject({ outcome: 'succeeded', output: 'fifty' });
    const steps = rig.beats.filter(({ step }) => step === 'installing dependencies');
    expect(new Set(steps.map(({ key }) => key)).size).toBe(50);
    expect(installed('fifty')).toHaveLength(1);
    await rig.close();
    open('fifty');
    expect(await rig.run(spec.run, spec)).toMatchObject({ output: 'fifty' });
    expect(rig.beats).toEqual([]);
  });

  test('again when the packages in the code are others, not when other files are', async () => {
    open('again');
    const say = script('python', 'tasks/say.py');
    expect(await rig.run(say, code(pythonCode('one')))).toMatchObject({ output: 'one' });
    expect(await rig.run(say, code(pythonCode('two')))).toMatchObject({ output: 'two' });
    const bare = { 'package.json': '{"name":"x"}', 'a.mjs': 'console.log(1)' };
    await rig.run(script('node', 'a.mjs'), code(bare));
    await rig.run(script('node', 'a.mjs'), code({ ...bare, 'a.mjs': 'console.log(2)' }));
    expect(installed('again').map((name) => name.split('-')[0])).toEqual(['npm', 'pip', 'pip']);
  });

  test('without the variables of the task, nor what its runner hides', async () => {
    open('secrets', { hostEnv: { ...process.env, RUNNER_SECRET: '1' } });
    const told = 'raise RuntimeError(f"sees {[k for k in os.environ if \'SECRET\' in k]}")';
    const files = builtBy(`import os\n${told}`);
    const result = await rig.run(shell('true'), { ...code(files), env: { TASK_SECRET: '1' } });
    expect(result.error?.message).toContain('sees []');
  });
});

describe('what cannot be installed fails its task with the words of the tool', () => {
  const missing = { 'requirements.txt': '--no-index\nno-such-package\n' };

  test.each<[string, Parameters<typeof pack>[0], string]>([
    ['a package that nobody has', missing, 'No matching distribution found for no-such-package'],
    [
      'a lock that does not fit',
      {
        'package.json': nodeCode['package.json'],
        'package-lock.json': '{"lockfileVersion":3,"packages":{}}',
      },
      '`npm ci` can only install packages when',
    ],
    ['a manifest that is none', { 'package.json': '{' }, 'package.json'],
    ['packages of the system', { 'apt.txt': 'ffmpeg' }, 'belong into the image of a pool'],
    [
      'a lock that the tool does not heed',
      { 'package.json': '{}', 'yarn.lock': '' },
      'yarn.lock is not heeded',
    ],
  ])('%s', async (name, files, message) => {
    open(name.replaceAll(' ', '-'));
    const result = await rig.run(shell('true'), code(files));
    expect(result).toMatchObject({ outcome: 'failed' });
    expect(result.error?.message).toContain(message);
    // The runner lives, and nothing half installed is used.
    expect(await rig.run(shell('echo 1'))).toMatchObject({ output: 1 });
    const kept = existsSync(join(folder, name)) ? installed(name) : [];
    expect(kept).toEqual([]);
  });

  test('a tool that is not there', async () => {
    const PATH = join(folder, 'few-tools');
    mkdirSync(PATH);
    for (const tool of ['sh', 'mkfifo']) symlinkSync(join('/bin', tool), join(PATH, tool));
    open('no-tool', { hostEnv: { PATH } });
    const result = await rig.run(shell('true'), code({ 'composer.json': '{}' }));
    expect(result.error).toEqual({
      reason: 'dependencies',
      message:
        'composer.json asks for composer, but there is no php on this runner: install it there, or choose a pool that has it',
    });
    expect(await rig.run(shell('echo 1'))).toMatchObject({ output: 1 });
  });

  test('one that is installed too long is stopped at its own limit', async () => {
    open('slow');
    const files = builtBy('import time\ntime.sleep(600)');
    const result = await rig.run(shell('true'), { ...code(files), limits: { installMs: 2_000 } });
    expect(result.error).toMatchObject({
      reason: 'dependencies',
      message: expect.stringContaining('took longer than its limit of'),
    });
  });

  test('the time limit of the task does not count what is installed', async () => {
    open('limit');
    const files = { ...pythonCode('later'), 'sitecustomize.py': '' };
    const run = { limits: { runMs: 60_000 }, ...code(files) };
    const result = await rig.run(script('python', 'tasks/say.py'), run);
    const [step] = rig.beats;
    expect(result).toMatchObject({ outcome: 'succeeded' });
    expect(result.startedAt).toBeGreaterThan(step?.at ?? Number.POSITIVE_INFINITY);
  });
});
