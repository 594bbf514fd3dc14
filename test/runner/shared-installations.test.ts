import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { create } from 'tar';
import { systemHost } from '../../src/adapters/memory/host.ts';
import { memoryPorts, memorySystem } from '../../src/adapters/memory/system.ts';
import { systemClock, systemIds, systemRandom } from '../../src/adapters/system.ts';
import { createInstalled } from '../../src/engine/installed.ts';
import { defaultSettings } from '../../src/engine/settings.ts';
import { Installations } from '../../src/runner/dependencies/installations.ts';
import { shareInstallations } from '../../src/runner/dependencies/shared-installations.ts';

const root = mkdtempSync(join(tmpdir(), 'fanfold-shared-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function world() {
  const caller = { clock: systemClock, ids: systemIds(), random: systemRandom };
  const ports = memoryPorts(memorySystem(systemHost), caller);
  const installed = createInstalled(ports, defaultSettings);
  const troubles: string[] = [];
  let made = 0;
  const machine = (name: string, get = ports.blobs.get, packedBytesMax = 1024 * 1024) => {
    const blobs = { put: ports.blobs.put, get };
    const onTrouble = (message: string) => troubles.push(message);
    const shared = shareInstallations({ installed, blobs, onTrouble, packedBytesMax });
    const folder = mkdtempSync(join(root, `${name}-`));
    const installations = new Installations({ folder, clock: systemClock, shared });
    const get_ = async () => {
      const at = await installations.get({
        key: 'key',
        lock: 'key',
        onWait: () => undefined,
        make: async (place) => {
          made++;
          mkdirSync(join(place, 'bin'));
          writeFileSync(join(place, 'lib.txt'), 'library');
          writeFileSync(join(place, 'bin/tool'), '#!/bin/sh\n', { mode: 0o755 });
          symlinkSync('../lib.txt', join(place, 'bin/lib'));
        },
      });
      await installations.close();
      return at;
    };
    return get_;
  };
  return { ports, installed, troubles, machine, made: () => made };
}

test('what one machine has installed another takes, with rights, times and links', async () => {
  const { machine, made, troubles } = world();
  const here = await machine('one')();
  const there = await machine('two')();
  expect([made(), troubles]).toEqual([1, []]);
  expect(readdirSync(there, { recursive: true }).sort()).toEqual(
    readdirSync(here, { recursive: true }).sort(),
  );
  expect(readFileSync(join(there, 'bin/lib'), 'utf8')).toBe('library');
  expect(statSync(join(there, 'bin/tool')).mode & 0o100).toBe(0o100);
  const timeOf = (folder: string) => Math.floor(statSync(join(folder, 'lib.txt')).mtimeMs / 1000);
  expect(timeOf(there)).toBe(timeOf(here));
});

test('what does not fit its hash, is cut off, or cannot be had is refused, and installed here', async () => {
  const { ports, machine, made, troubles } = world();
  await machine('one')();
  const failing = async () => {
    throw new Error('its content does not fit its hash');
  };
  await machine('two', failing)();
  const cut = async (hash: string) => (await ports.blobs.get(hash))?.subarray(0, 200);
  const folder = await machine('three', cut)();
  await machine('four', async () => undefined)();
  expect([made(), readdirSync(folder).sort()]).toEqual([4, ['bin', 'lib.txt']]);
  expect(troubles).toHaveLength(2);
  expect(troubles[0]).toContain('does not fit its hash');
});

test('an archive whose links lead out of it is refused', async () => {
  const { ports, installed, machine, made } = world();
  const evil = mkdtempSync(join(root, 'evil-'));
  symlinkSync('../../../../etc', join(evil, 'out'));
  const packed = create({ cwd: evil, gzip: true, sync: true }, ['out']).read() as Uint8Array;
  const blob = await ports.blobs.put(packed);
  await installed.list('key', { blob, size: packed.length });
  const folder = await machine('one')();
  expect([made(), readdirSync(folder).sort()]).toEqual([1, ['bin', 'lib.txt']]);
});

test('what is too large stays on its machine', async () => {
  const { machine, made, troubles } = world();
  await machine('one', undefined, 10)();
  await machine('two')();
  expect([made(), troubles]).toEqual([2, [expect.stringContaining('it is larger than 0 MB')]]);
});
