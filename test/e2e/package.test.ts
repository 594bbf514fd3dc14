/**
 * Goal: who installs the package has what a clone has: the command line, the library and its types.
 * Method: pack a copy of this one, install it in an empty folder, and use it as in its README.
 */
import {
  cpSync,
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
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { call, type Ended, plainEnv, root } from '../examples/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'fanfold-package-'));
const copy = join(folder, 'copy');
const project = join(folder, 'project');
const { PATH = '', ...others } = plainEnv();
const env = { ...others, PATH: [dirname(process.execPath), PATH].join(delimiter) };

async function succeed(command: string, args: readonly string[], cwd: string): Promise<Ended> {
  const ended = await call(command, args, { cwd, env });
  if (ended.code !== 0)
    throw new Error(`${command} ${args.join(' ')}: ${ended.stdout}${ended.stderr}`);
  return ended;
}

const write = (file: string, lines: readonly string[]): void =>
  writeFileSync(join(project, file), `${lines.join('\n')}\n`);

beforeAll(async () => {
  const left = new Set(['.git', '.cache', '.fanfold', 'dist', 'lib', 'node_modules']);
  for (const entry of readdirSync(root))
    if (!left.has(entry)) cpSync(join(root, entry), join(copy, entry), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  mkdirSync(project);
  const packed = await succeed('npm', ['pack', '--silent', '--pack-destination', project], copy);
  const file = packed.stdout.trim().split('\n').at(-1);
  write('package.json', ['{ "private": true, "type": "module" }']);
  // Without the Node that it brings for those who have an older one: this one is new enough.
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--omit=optional'];
  await succeed('npm', ['install', ...quiet, `./${file}`], project);
});
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));

test('packing leaves the entries as links to the sources', () => {
  expect(readdirSync(join(copy, 'lib')).sort()).toEqual([
    'cdk.mjs',
    'embedded.mjs',
    'index.mjs',
    'types',
  ]);
});

test('the command line runs a workflow of programs, Node and Python', async () => {
  write('hello.yaml', [
    'name: hello',
    'tasks:',
    '  names: { node: "return [`Ada`, `Grace`]" }',
    '  greet: { needs: names, each: "${{ tasks.names.output }}", with: { name: "${{ item }}" }, python: "return \'hello \' + input[\'name\']" }',
    '  done: { needs: greet, run: "echo 42" }',
  ]);
  const ended = await succeed(
    'npx',
    ['--no-install', 'fanfold', 'run', 'hello.yaml', '--json'],
    project,
  );
  expect(JSON.parse(ended.stdout)).toMatchObject({ state: 'succeeded', outputs: { done: 42 } });
});

test('the server has its dashboard', async () => {
  write('page.mjs', [
    "import { startEmbedded } from 'fanfold/embedded';",
    "const server = await startEmbedded({ dataFolder: 'page', port: 0, slots: 0 });",
    'const page = await fetch(server.url);',
    "console.log(page.headers.get('content-type'), await page.text());",
    'await server.close();',
  ]);
  const { stdout } = await succeed('node', ['page.mjs'], project);
  expect(stdout).toContain('text/html');
  expect(stdout).toMatch(/src="\/dashboard-[A-Z0-9]{8}\.js"/);
});

test('the library has its types, under a plain compiler, and runs', async () => {
  write('made.ts', [
    "import { task, workflow } from 'fanfold';",
    "import { startEmbedded } from 'fanfold/embedded';",
    "const one = task('one', { node: 'return 20', retries: 2 });",
    "const two = task('two', { with: { n: one.output }, node: 'return input.n + 1' });",
    '// @ts-expect-error: what is no word of a task is no property of its options',
    "task('three', { nod: 'return 1' });",
    "const made = workflow('made', { tasks: [one, two] });",
    'export default made;',
    'export const start = () => startEmbedded({ dataFolder: "kept", port: null });',
  ]);
  const options = ['--strict', '--target', 'es2023', '--module', 'nodenext', '--types', ''];
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await succeed(process.execPath, [tsc, ...options, 'made.ts'], project);
  write('main.mjs', [
    "import made, { start } from './made.js';",
    'const fanfold = await start();',
    'const { run } = await fanfold.engine.submit({ workflow: made.toDefinition() });',
    'await fanfold.engine.end(run.id, 240_000);',
    'console.log(JSON.stringify((await fanfold.engine.run(run.id)).outputs));',
    'await fanfold.close();',
  ]);
  const ended = await succeed(process.execPath, ['main.mjs'], project);
  expect(ended.stdout).toBe('{"two":21}\n');
});

test('a workflow in TypeScript runs from the command line', async () => {
  const ended = await succeed('npx', ['--no-install', 'fanfold', 'lint', 'made.ts'], project);
  expect(ended.stderr).toContain('made.ts: fine, 2 tasks\n');
});

test("constructs make a deployment in an app of one's own, with the functions that come with them", async () => {
  // Not from the registry: they are large, and here already.
  for (const name of ['aws-cdk-lib', 'constructs'])
    symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name));
  write('app.ts', [
    "import { App, Stack } from 'aws-cdk-lib';",
    "import { Fanfold } from 'fanfold/cdk';",
    "const app = new App({ outdir: 'deployed' });",
    "const stack = new Stack(app, 'Mine');",
    "const pools = { default: { kind: 'lambda' as const, slots: 8 } };",
    "const tasks = new Fanfold(stack, 'Tasks', { pools, logDays: 7 });",
    '// @ts-expect-error: what is no setting is no property',
    "() => new Fanfold(stack, 'Wrong', { pool: {} });",
    'const url: string = tasks.url;',
    'app.synth();',
    'console.log(url.length > 0);',
  ]);
  const options = ['--strict', '--target', 'es2023', '--module', 'nodenext', '--types', ''];
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await succeed(process.execPath, [tsc, ...options, '--skipLibCheck', 'app.ts'], project);
  const ended = await succeed(process.execPath, ['app.js'], project);
  expect(ended.stdout).toBe('true\n');
  const folder = join(project, 'deployed');
  const template = JSON.parse(readFileSync(join(folder, 'Mine.template.json'), 'utf8'));
  const functions = Object.values<{ Type: string }>(template.Resources).filter(
    ({ Type }) => Type === 'AWS::Lambda::Function',
  );
  expect(functions).toHaveLength(5);
  const code = readdirSync(folder).filter((name) => name.startsWith('asset.'));
  expect(code.flatMap((name) => readdirSync(join(folder, name)))).toContain('index.mjs');
});
