import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { groups } from '../../cli/command-groups.ts';
import { commands as cliCommands } from '../../cli/commands.ts';
import type { RunView } from '../../src/contract/api.ts';
import { namedRules } from '../../src/contract/workflow.ts';
import { bin, call, fanfold, plainEnv, root } from './cli.ts';
import { blocks, commands, readme } from './readme.ts';

const folder = mkdtempSync(join(tmpdir(), 'fanfold-readme-'));
const tools = join(folder, 'bin');
const cwd = join(folder, 'place');
const env = { ...plainEnv(), PATH: [tools, plainEnv().PATH].join(delimiter) };

/** `npx fanfold` and `npm start`, as they are in this package's folder. */
function writeTools(): void {
  const run = `exec "${process.execPath}" "${bin}"`;
  const scripts = { npx: `shift\n${run} "$@"`, npm: `${run} "$@"` };
  mkdirSync(tools, { recursive: true });
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(tools, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(tools, name), 0o755);
  }
}

function writeFiles(): void {
  for (const { file, text } of blocks) {
    if (file === undefined) continue;
    mkdirSync(dirname(join(cwd, file)), { recursive: true });
    writeFileSync(join(cwd, file), text);
  }
  // A project of its own: what lies in folders above is not looked at.
  writeFileSync(join(cwd, 'package.json'), '{ "type": "module" }');
  mkdirSync(join(cwd, 'node_modules'));
  symlinkSync(root, join(cwd, 'node_modules', 'fanfold'));
}

beforeAll(() => {
  mkdirSync(cwd);
  writeTools();
  writeFiles();
});
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));

describe('the workflows', () => {
  const outputs: Readonly<Record<string, object>> = {
    'kinds.yaml': {
      'a-program': 42,
      'a-node-function': 3,
      'a-python-function': 3,
      'a-bash-function': 42,
      'node-code': 4,
      'python-code': 7,
    },
    'each.yaml': { total: 40 },
    'rules.yaml': {},
    'care.yaml': { flaky: 3, picky: 1, bounded: 1, charge: 1, index: 1, render: 1, train: 1 },
    'steps.yaml': { 'in-turn': 42, 'side-by-side': [1, 2] },
    'spawn.yaml': { count: 5 },
    'code.yaml': { greet: 'hello Ada' },
    'files.yaml': { count: 1000 },
    'report.yaml': { report: 'report of today' },
  };
  const files = blocks.flatMap(({ language, file }) => (language === 'yaml' && file ? file : []));

  test('are all run here, but the one with a mistake', () => {
    expect(files).toEqual([...Object.keys(outputs), 'mistake.yaml']);
  });

  test.each(Object.entries(outputs))('%s runs as it says', async (file, wanted) => {
    const ended = await fanfold(['run', file, '--data', `kept-${file}`, '--json'], { cwd });
    const view = JSON.parse(ended.stdout) as RunView;
    expect(view.state).toBe('succeeded');
    expect(view.outputs).toEqual(wanted);
  });

  test('a rule in the text is a rule of the contract, and each is named', () => {
    const said = /^The rules: (.*?)\.$/ms.exec(readme)?.[1] ?? '';
    const names = Array.from(said.matchAll(/`([\w-]+)`/g), ([, name]) => name);
    expect(names).toEqual([...namedRules.slice(0, -1), 'always', 'at-least']);
  });
});

test('a module is a workflow as shown', async () => {
  const ended = await fanfold(['run', 'nightly.ts', '--data', 'kept-nightly', '--json'], { cwd });
  const view = JSON.parse(ended.stdout) as RunView;
  expect(view.outputs).toEqual({ total: { of: 'sales of north', sum: 10 } });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--allowImportingTsExtensions'];
  const target = ['--target', 'es2023', '--module', 'nodenext'];
  const types = ['--typeRoots', join(root, 'node_modules', '@types'), '--types', 'node'];
  const checked = await call(
    process.execPath,
    [tsc, ...options, ...target, ...types, 'nightly.ts'],
    { cwd, env },
  );
  expect(checked.stdout).toBe('');
});

test('the engine is a library as shown', async () => {
  const ended = await call(process.execPath, ['embedded.mjs'], { cwd, env });
  expect(ended.stderr).toBe('');
  expect(ended.stdout).toMatch(/^start greet\nsuccess greet\nended \n\{ greet: 'hello Ada' \}\n$/);
});

describe('the console', () => {
  const [start, ...others] = commands;
  let server: ChildProcess;
  let printed = '';
  let port = '';

  beforeAll(async () => {
    server = spawn('sh', ['-c', `exec ${start?.line} 2>&1`], { cwd, env, stdio: 'pipe' });
    await new Promise<void>((resolve, reject) => {
      server.stdout?.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
        if (/^serving .*\n/m.test(printed)) resolve();
      });
      server.on('exit', () => reject(new Error(`it ended: ${printed}`)));
    });
    port = /127\.0\.0\.1:(\d+)/.exec(printed)?.[1] ?? '';
  });
  afterAll(async () => {
    server.removeAllListeners('exit');
    const ended = new Promise((resolve) => server.on('exit', resolve));
    server.kill('SIGINT');
    await ended;
  });

  test('begins with npm start, which shows the example and stays', () => {
    expect(start?.line).toBe('npm start');
    expect(printed).toMatch(start?.prints ?? '');
  });

  test('is made of more than that', () => {
    expect(others.length).toBeGreaterThan(8);
  });

  test.each(others.map(({ line, prints }) => [line, prints] as const))(
    '%s',
    async (line, prints) => {
      const asked = line.replaceAll(':7420', `:${port}`);
      const ended = await call('sh', ['-c', `{ ${asked}; } 2>&1`], { cwd, env });
      if (prints) expect(ended.stdout).toMatch(prints);
      expect(ended.code).toBe(line.includes('mistake') ? 2 : 0);
      // What the API refuses is a problem with its status, and no failure of curl.
      expect(ended.stdout).not.toMatch(/"status":\s*[45]\d\d/);
    },
  );
});

test('the table of commands has every command, in order', () => {
  const table = /^\| command \| does \|\n(?:\|.*\n)+/m.exec(readme)?.[0] ?? '';
  const names = table.split('\n').map((row) => row.split(' | ', 1)[0] as string);
  const usages = names.flatMap((cell) =>
    Array.from(cell.matchAll(/`([^`]+)`/g), ([, usage]) => usage),
  );
  const grouped = groups.flatMap(({ name, commands }) =>
    commands.map(({ usage }) => `${name} ${usage}`),
  );
  expect(usages).toEqual([...cliCommands.map(({ usage }) => usage), ...grouped]);
});

test('no block is left unchecked', () => {
  const unchecked = blocks.filter(
    ({ language, file }) => language !== 'console' && file === undefined,
  );
  // The one picture of a terminal: what moves there is tested with the command line.
  expect(unchecked.map(({ language }) => language)).toEqual(['text']);
});

const decisions = readdirSync(join(root, 'docs', 'decisions'));
const texts = [
  ...readdirSync(root),
  ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
  ...decisions.map((name) => `docs/decisions/${name}`),
].filter((name) => name.endsWith('.md'));

test.each(texts)('the links of %s lead somewhere', (name) => {
  const text = readFileSync(join(root, name), 'utf8');
  const links = Array.from(text.matchAll(/\]\(([^)#]+)[^)]*\)/g), ([, link = '']) => link);
  const own = links.filter((link) => !link.startsWith('https://'));
  expect(own.filter((link) => !existsSync(join(root, dirname(name), link)))).toEqual([]);
});

test('files and folders that the texts name are there', () => {
  const folders = 'src|test|docs|functions|infra|cli|bench|tools|examples|runtime-images';
  const path = new RegExp(`\`((?:${folders})/[\\w./-]+)\``, 'g');
  const missing = texts.flatMap((name) =>
    Array.from(readFileSync(join(root, name), 'utf8').matchAll(path), ([, named = '']) => named)
      .filter((named) => !existsSync(join(root, named)))
      .map((named) => `${name}: ${named}`),
  );
  expect(missing).toEqual([]);
});

test('a decision is known by its number alone', () => {
  const numbered = decisions.map((name) => {
    const [, number] =
      /^# (\d+)\. /.exec(readFileSync(join(root, 'docs/decisions', name), 'utf8')) ?? [];
    return `${number?.padStart(4, '0')}${name.slice(4)}`;
  });
  expect(numbered).toEqual(decisions);
  expect(new Set(decisions.map((name) => name.slice(0, 4))).size).toBe(decisions.length);
});
