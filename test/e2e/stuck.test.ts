import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { type Embedded, startEmbedded } from '../../src/embedded/index.ts';
import { workflowOf } from '../support/home.ts';

const dataFolder = mkdtempSync(join(tmpdir(), 'fanfold-stuck-'));
let open: Embedded | undefined;
afterEach(async () => {
  await open?.close();
  rmSync(dataFolder, { recursive: true });
});

/** Flips a bit in the only blob: the workflow. */
function damageWorkflow(): void {
  const blobs = join(dataFolder, 'blobs');
  const [file] = readdirSync(blobs, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  if (file === undefined) throw new Error('there is no blob');
  const path = join(file.parentPath, file.name);
  const bytes = readFileSync(path);
  bytes[9] = (bytes[9] as number) ^ 1;
  writeFileSync(path, bytes);
}

test('a run that cannot go on is told once, with what to do, and the others go on', async () => {
  const told: string[] = [];
  const options = { dataFolder, port: null, onTrouble: (line: string) => void told.push(line) };
  open = await startEmbedded({ ...options, slots: 0 });
  const { run } = await open.engine.submit({ workflow: workflowOf([{ id: 'a' }]) });
  await open.close();
  damageWorkflow();
  open = await startEmbedded({ ...options, slots: 1 });
  const other = await open.engine.submit({ workflow: workflowOf([{ id: 'b' }]) });
  expect((await open.engine.end(other.run.id, 240_000)).state).toBe('succeeded');
  // The sweep comes by each second: it finds the same again, and says nothing.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  const lines = told.filter((line) => line.includes(run.id));
  expect(lines).toEqual([expect.stringContaining(`run ${run.id} is stuck: `)]);
  expect(lines[0]).toContain('restore this from a backup');
  expect(lines[0]).not.toContain('\n');
});
