import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { systemHost } from '../../src/adapters/memory/host.ts';
import { memoryPorts, memorySystem } from '../../src/adapters/memory/system.ts';
import { systemClock, systemIds, systemRandom } from '../../src/adapters/system.ts';
import { archiveLimits } from '../../src/contract/archive.ts';
import { acceptWorkflow } from '../../src/definition/accept.ts';
import { compileTiming } from '../../src/definition/timing.ts';
import { createDecider, createEngine } from '../../src/engine/create-engine.ts';
import { defaultSettings } from '../../src/engine/settings.ts';
import type { Blobs } from '../../src/ports/blobs.ts';
import { workflowOf } from '../support/home.ts';

const bytes = new Uint8Array(Buffer.from('some code'));
const blob = createHash('sha256').update(bytes).digest('hex');
const archive = { blob, size: bytes.length };
const other = { blob: 'a'.repeat(64), size: 1 };
const workflow = workflowOf([{ id: 'a' }]);

function open(settings = {}, over: Partial<Blobs> = {}) {
  const caller = { clock: systemClock, ids: systemIds(), random: systemRandom };
  const ports = memoryPorts(memorySystem(systemHost), caller);
  const blobs = { ...ports.blobs, ...over };
  const { decider, specs } = createDecider(
    { ...ports, blobs },
    { ...defaultSettings, ...settings },
  );
  return createEngine(decider, specs, acceptWorkflow, async () => [], compileTiming);
}

describe('code in an archive', () => {
  test('is asked for, put, and there from then on', async () => {
    const engine = open();
    expect(await engine.offerCode(archive)).toEqual({ there: false });
    expect(await engine.putCode(blob, bytes)).toEqual(archive);
    expect(await engine.offerCode(archive)).toEqual({ there: true });
  });

  test('goes to another place where there is one', async () => {
    const upload = { url: 'https://elsewhere/x', headers: {} };
    const engine = open({}, { uploadTo: async () => upload });
    expect(await engine.offerCode(archive)).toEqual({ there: false, upload });
  });

  test('that is too large, or is another than was said, is refused', async () => {
    const engine = open();
    const large = { blob, size: archiveLimits.packedBytes + 1 };
    await expect(engine.offerCode(large)).rejects.toThrow('is larger than 32 MB');
    await expect(engine.putCode(other.blob, bytes)).rejects.toThrow(`hash is ${blob}, not aaaa`);
  });

  test('is seen in the run that it is of', async () => {
    const engine = open();
    await engine.putCode(blob, bytes);
    const { run } = await engine.submit({ workflow, code: archive });
    expect(await engine.run(run.id)).toMatchObject({ codeArchive: archive });
  });

  test('is refused at submit when it is not there', async () => {
    await expect(open().submit({ workflow, code: archive })).rejects.toMatchObject({
      code: 'code-unknown',
      message: `the code ${blob} is not here; send it first`,
    });
    const many = { workflow, code: archive, runs: [{}] };
    await expect(open().submitMany(many)).rejects.toMatchObject({ code: 'code-unknown' });
  });
});

test('a folder is taken only where runners see it', async () => {
  const code = { folder: '/somewhere' };
  await expect(open().submit({ workflow, code })).rejects.toMatchObject({
    code: 'code-invalid',
    message: expect.stringContaining('see none of your folders'),
  });
  const engine = open({ codeFolders: true });
  const { run } = await engine.submit({ workflow, code });
  expect(await engine.run(run.id)).toMatchObject({ codeFolder: '/somewhere' });
});

test('the same run with other code is another run, so its id is refused', async () => {
  const engine = open({ codeFolders: true });
  const { run } = await engine.submit({ workflow, code: { folder: '/one' } });
  const again = { workflow, id: run.id };
  expect(await engine.submit({ ...again, code: { folder: '/one' } })).toMatchObject({
    created: false,
  });
  await expect(engine.submit({ ...again, code: { folder: '/two' } })).rejects.toMatchObject({
    code: 'run-exists',
  });
});
