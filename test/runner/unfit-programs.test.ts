/** Goal: what cannot run fails its own attempt, in words that help; the runner goes on. */
import { afterEach, expect, test } from '@jest/globals';
import type { Run } from '../../src/contract/workflow.ts';
import { pack, shelf } from './packed.ts';
import { openRig, type Rig, shell } from './rig.ts';

const blobs = shelf();
let rig: Rig;
afterEach(() => rig.close());

/** The head of a program for another processor, and nothing else. */
function elf(machine: number): Uint8Array {
  const head = Buffer.alloc(64);
  head.write('\x7fELF', 0, 'latin1');
  head.set([2, 1, 1], 4);
  head.writeUInt16LE(2, 16);
  head.writeUInt16LE(machine, 18);
  return head;
}
const other = process.arch === 'arm64' ? 62 : 183;
const name = process.arch === 'arm64' ? 'x64' : 'arm64';

test.each<[string, string | Uint8Array, string]>([
  [
    'a program of another processor',
    elf(other),
    `./tool.sh is a program for ${name}, and this machine is ${process.arch}`,
  ],
  ['a program of another system', 'MZ and so on', './tool.sh is a program for Windows'],
  [
    'a script that does not say what runs it',
    'import json\nprint(json.dumps(1))\n',
    './tool.sh does not say what runs it: its first line must begin with #!',
  ],
  ['a script whose interpreter is missing', '#!/no/such/interpreter\n', 'could not be started'],
])('%s', async (_, content, message) => {
  rig = openRig({ blobs: { get: blobs.get } });
  const code = blobs.put(pack({ 'tool.sh': content }));
  const run: Run = { kind: 'command', argv: ['./tool.sh'] };
  const result = await rig.run(run, { code });
  expect(result.outcome).toBe('failed');
  expect(result.error?.message).toContain(message);
  expect(await rig.run(shell('echo 1'), { code })).toMatchObject({ output: 1 });
});

test('a program that fails by itself is told by its own words', async () => {
  rig = openRig({ blobs: { get: blobs.get } });
  const code = blobs.put(pack({ 'tool.sh': '#!/bin/sh\necho no >&2; exit 3' }));
  const result = await rig.run({ kind: 'command', argv: ['./tool.sh'] }, { code });
  expect(result.error).toMatchObject({ message: 'no', exitCode: 3 });
});
