import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Run, Task } from '../../src/contract/workflow.ts';
import { startEmbedded } from '../../src/embedded/index.ts';

const isRoot = process.getuid?.() === 0;
const taskUsers = { first: 66_000 + (process.pid % 400) * 20, count: 20 };
const shell = (line: string): Run => ({ kind: 'shell', line });
const node = (code: string): Run => ({ kind: 'snippet', language: 'node', code });

(isRoot ? test : test.skip)(
  'in one process that is root, tasks are others, who hand files on and see nothing of the data folder',
  async () => {
    const dataFolder = mkdtempSync(join(tmpdir(), 'fanfold-users-'));
    const open = await startEmbedded({ dataFolder, slots: 2, port: null, taskUsers });
    const list = `try { return process.getBuiltinModule('fs').readdirSync(${JSON.stringify(dataFolder)}); } catch (error) { return error.code; }`;
    const tasks: Task[] = [
      {
        id: 'make',
        artifacts: true,
        run: shell('id -u > "$TASK_ARTIFACTS/who"; cat "$TASK_ARTIFACTS/who"'),
      },
      {
        id: 'copy',
        artifacts: true,
        needs: ['make'],
        run: node(
          `process.getBuiltinModule('fs').copyFileSync(task.inputs + '/make/who', task.artifacts + '/who'); return process.getuid();`,
        ),
      },
      {
        id: 'read',
        needs: ['copy'],
        run: shell('cat "$TASK_INPUTS/copy/who"; test -w "$TASK_INPUTS/copy/who" && exit 1; true'),
      },
      { id: 'look', run: node(list) },
    ];
    try {
      const { run } = await open.engine.submit({ workflow: { name: 'w', tasks } });
      await open.engine.end(run.id, 240_000);
      const view = await open.engine.run(run.id);
      expect(view.state).toBe('succeeded');
      const output = async (task: string) => (await open.engine.task(run.id, task)).output;
      const made = Number(await output('make'));
      expect(made).toBeGreaterThanOrEqual(taskUsers.first);
      expect(Number(await output('copy'))).toBeGreaterThanOrEqual(taskUsers.first);
      expect(await output('read')).toBe(made);
      expect(await output('look')).toBe('EACCES');
      expect(statSync(dataFolder).mode & 0o777).toBe(0o700);
      expect(readdirSync(dataFolder)).not.toContain('work');
    } finally {
      await open.close();
      rmSync(dataFolder, { recursive: true, force: true });
    }
  },
);
