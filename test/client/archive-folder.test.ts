import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from '@jest/globals';
import { archiveFolder } from '../../src/client/archive-folder.ts';
import { archiveLimits, readArchive } from '../../src/contract/archive.ts';

const root = mkdtempSync(join(tmpdir(), 'fanfold-folder-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(root, 'case-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text, { mode: path.endsWith('.sh') ? 0o755 : 0o644 });
  }
  return folder;
}

const namesIn = (packed: Uint8Array) =>
  readArchive(gunzipSync(packed), archiveLimits).map(({ path }) => path);

const code = {
  'workflow.yaml': 'name: x',
  'tasks/a.sh': 'echo a',
  'tasks/b.py': 'print()',
  'data/table.csv': '1,2',
};

test('a folder travels with all its files, executable or not', async () => {
  const files = readArchive(gunzipSync(await archiveFolder(folderOf(code))), archiveLimits);
  expect(files.map(({ path, executable }) => [path, executable])).toEqual([
    ['data/table.csv', false],
    ['tasks/a.sh', true],
    ['tasks/b.py', false],
    ['workflow.yaml', false],
  ]);
});

test('the same files are the same bytes, wherever and whenever they lie', async () => {
  const [one, other] = [await archiveFolder(folderOf(code)), await archiveFolder(folderOf(code))];
  expect(Buffer.compare(one, other)).toBe(0);
});

test('what is hidden, installed or named in .fanfoldignore stays', async () => {
  const folder = folderOf({
    ...code,
    '.env': 'SECRET=1',
    '.git/config': '',
    'node_modules/x/index.js': '',
    'tasks/__pycache__/b.pyc': '',
    'out/report.html': '',
    'data/large.bin': '',
    'tasks/out.txt': '',
    '.fanfoldignore': '# what tasks make\n/out/\n\n*.bin\ntasks/*.txt\n',
  });
  expect(namesIn(await archiveFolder(folder))).toEqual(Object.keys(code).sort());
});

test('a link travels as its file when that is code as well, else it is refused by name', async () => {
  const folder = folderOf(code);
  symlinkSync('a.sh', join(folder, 'tasks/c.sh'));
  expect(namesIn(await archiveFolder(folder))).toContain('tasks/c.sh');
  symlinkSync('/etc/passwd', join(folder, 'tasks/away'));
  await expect(archiveFolder(folder)).rejects.toThrow(
    'tasks/away is a link that leads out of its folder; name it in .fanfoldignore',
  );
  rmSync(join(folder, 'tasks/away'));
  symlinkSync('../data', join(folder, 'tasks/data'));
  await expect(archiveFolder(folder)).rejects.toThrow('tasks/data is a link to no file');
});

test('too much is refused before it is read', async () => {
  const folder = folderOf(code);
  truncateSync(join(folder, 'data/table.csv'), archiveLimits.bytes + 1);
  await expect(archiveFolder(folder)).rejects.toThrow('the code is larger than 128 MB');
});

test('what may not be found is told', async () => {
  await expect(archiveFolder(join(root, 'none'))).rejects.toThrow('none');
});
