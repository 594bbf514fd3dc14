import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from '@jest/globals';
import { archivePath } from '../../src/client/archive-path.ts';
import { archiveLimits, readArchive } from '../../src/contract/archive.ts';
import { zip } from '../runner/packed.ts';

const root = mkdtempSync(join(tmpdir(), 'fanfold-path-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const read = (packed: Uint8Array) =>
  readArchive(gunzipSync(packed), archiveLimits).map(({ path, executable }) => [path, executable]);
const zipOf = (name: string, files: Parameters<typeof zip>[0]) => {
  const path = join(root, `${name}.zip`);
  writeFileSync(path, zip(files));
  return path;
};

test('a zip and a folder with the same files are the same bytes', async () => {
  const folder = join(root, 'same');
  mkdirSync(join(folder, 'tasks'), { recursive: true });
  writeFileSync(join(folder, 'tasks/a.py'), 'print(1)');
  writeFileSync(join(folder, 'run.sh'), 'echo 1');
  chmodSync(join(folder, 'run.sh'), 0o755);
  const zipped = zipOf('same', {
    'tasks/': { text: '', mode: 0o040755 },
    'tasks/a.py': 'print(1)',
    'run.sh': { text: 'echo 1', mode: 0o100755 },
  });
  const packed = await archivePath(zipped);
  expect(Buffer.compare(await archivePath(folder), packed)).toBe(0);
  expect(read(packed)).toEqual([
    ['run.sh', true],
    ['tasks/a.py', false],
  ]);
});

test('a file is an archive of itself', async () => {
  const path = join(root, 'tool');
  writeFileSync(path, '#!/bin/sh\n', { mode: 0o755 });
  expect(read(await archivePath(path))).toEqual([['tool', true]]);
});

describe('refused with its reason is', () => {
  test.each<[string, Parameters<typeof zip>[0], string]>([
    ['a file above the folder', { '../../out': 'x' }, 'invalid relative path: ../../out'],
    ['a file at the root', { '/etc/x': 'x' }, 'absolute path: /etc/x'],
    ['a link', { a: { text: '/etc/passwd', mode: 0o120777 } }, '"a", which is a link'],
    [
      'a file larger than it says',
      { a: { text: 'x'.repeat(1000), claimed: 10 } },
      'cannot be read: ',
    ],
    ['a bomb', { a: { text: 'x'.repeat(2 ** 28), deflated: true } }, 'larger than 128 MB'],
    [
      'a bomb that says that it is none',
      { a: { text: 'x'.repeat(2 ** 28), deflated: true, claimed: 10 } },
      'too many bytes in the stream',
    ],
    ['nothing', {}, 'holds no file'],
  ])('a zip with %s', async (name, files, message) => {
    const path = zipOf(name.replaceAll(' ', '-'), files);
    await expect(archivePath(path)).rejects.toMatchObject({
      code: 'code-invalid',
      message: expect.stringContaining(message),
    });
  });

  test('what is no zip, or is not there', async () => {
    writeFileSync(join(root, 'no.zip'), 'no');
    await expect(archivePath(join(root, 'no.zip'))).rejects.toMatchObject({ code: 'code-invalid' });
    await expect(archivePath(join(root, 'none'))).rejects.toThrow(
      'there is no such file or folder',
    );
  });
});
