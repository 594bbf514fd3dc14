/**
 * How much later a task ends whose dependencies are installed already than its bare program: submitted, run and ended in
 * the embedded engine, one after the other. In a process of its own; prints milliseconds for Python and Node.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { archiveFolder } from '../../src/client/archive-folder.ts';
import type { Run } from '../../src/contract/workflow.ts';
import { startEmbedded } from '../../src/embedded/index.ts';
import { wheel } from '../../test/runner/packed.ts';
import { median } from '../row.ts';

const starts = 30;

interface Subject {
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly run: Run;
  /** The same without us: what it needs lies in `vendor`. */
  readonly bare: readonly string[];
}

const subjects: Readonly<Record<string, Subject>> = {
  python: {
    files: {
      'requirements.txt': '--no-index\n--find-links wheels\nhello\n',
      'wheels/hello-1.0-py3-none-any.whl': wheel('hello', '1.0', 'x'),
      'vendor/hello.py': 'VALUE = "x"\n',
      'say.py': 'import sys\nsys.path.append("vendor")\nimport hello\nprint(1)\n',
    },
    run: { kind: 'script', language: 'python', path: 'say.py' },
    bare: ['python3', 'say.py'],
  },
  node: {
    files: {
      'package.json': '{"name":"x","dependencies":{"hello":"file:vendor/hello"}}',
      'vendor/hello/package.json': '{"name":"hello","version":"1.0.0","type":"module"}',
      'vendor/hello/index.js': 'export const value = "x";',
      'say.mjs': 'import { value } from "hello";\nconsole.log(value.length);',
      'bare.mjs': 'import { value } from "./vendor/hello/index.js";\nconsole.log(value.length);',
    },
    run: { kind: 'script', language: 'node', path: 'say.mjs' },
    bare: [process.execPath, 'bare.mjs'],
  },
};

const root = mkdtempSync(join(tmpdir(), 'fanfold-bench-dependencies-'));
const engine = await startEmbedded({ dataFolder: join(root, 'data'), port: null, slots: 2 });
try {
  const figures: Record<string, number> = {};
  for (const [name, subject] of Object.entries(subjects))
    figures[name] = await beyondBare(name, subject);
  console.log(JSON.stringify(figures));
} finally {
  await engine.close();
  rmSync(root, { recursive: true, force: true });
}

async function beyondBare(name: string, { files, run, bare }: Subject): Promise<number> {
  const folder = join(root, name);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  const bytes = await archiveFolder(folder);
  const hash = createHash('sha256').update(bytes).digest('hex');
  const code = await engine.engine.putCode(hash, bytes);
  const workflow = { name, tasks: [{ id: 'a', run, dependencies: 'auto' as const }] };
  const once = async (): Promise<number> => {
    const begin = performance.now();
    const { run: submitted } = await engine.engine.submit({ workflow, code });
    const { state, reason } = await engine.engine.end(submitted.id, 600_000);
    if (state !== 'succeeded') throw new Error(`the run ended as ${state}: ${reason}`);
    return performance.now() - begin;
  };
  const alone = (): number => {
    const begin = performance.now();
    const [file = '', ...args] = bare;
    const { status } = spawnSync(file, args, { cwd: folder, stdio: 'ignore' });
    if (status !== 0) throw new Error(`${bare.join(' ')} ended with ${status}`);
    return performance.now() - begin;
  };
  await once();
  const pairs: [number, number][] = [];
  // In turns, so that both meet the same load.
  for (let i = 0; i < starts; i++) pairs.push([await once(), alone()]);
  return median(pairs.map(([ours]) => ours)) - median(pairs.map(([, theirs]) => theirs));
}
