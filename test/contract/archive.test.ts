import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { archiveLimits, readArchive, writeArchive } from '../../src/contract/archive.ts';

const folder = mkdtempSync(join(tmpdir(), 'fanfold-archive-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (path: string, text = '', executable = false) => ({
  path,
  bytes: new Uint8Array(Buffer.from(text)),
  executable,
});
const archive = (...files: ReturnType<typeof file>[]) => Buffer.concat(writeArchive(files));
const read = (bytes: Uint8Array) => readArchive(bytes, archiveLimits);

/** What the tar of this machine makes of a folder. */
const tar = (cwd: string, ...args: string[]): Buffer =>
  execFileSync('tar', ['-cf', '-', ...args], { cwd });

describe('an archive', () => {
  const part = fc.stringMatching(/^[a-zäß0-9 ._-]{1,60}$/).filter((one) => !/^\.{1,2}$/.test(one));
  const files = fc.uniqueArray(
    fc.record({
      path: fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `d/${parts.join('/')}.x`),
      bytes: fc.uint8Array({ maxLength: 1500 }),
      executable: fc.boolean(),
    }),
    { selector: ({ path }) => path, minLength: 1, maxLength: 12 },
  );

  test('gives back what was put into it, in any order the same bytes', () => {
    fc.assert(
      fc.property(files, (given) => {
        fc.pre(!given.some(({ path }) => given.some((other) => other.path.startsWith(`${path}/`))));
        const bytes = Buffer.concat(writeArchive(given));
        expect(Buffer.compare(bytes, Buffer.concat(writeArchive([...given].reverse())))).toBe(0);
        const sorted = [...given].sort((a, b) => (a.path < b.path ? -1 : 1));
        expect(
          read(bytes).map(({ path, bytes: found, executable }) => [path, [...found], executable]),
        ).toEqual(sorted.map(({ path, bytes: put, executable }) => [path, [...put], executable]));
      }),
    );
  });

  test('is a tar like any other: another program reads it', () => {
    const long = `${'deep/'.repeat(30)}leaf.txt`;
    writeFileSync(join(folder, 'ours.tar'), archive(file('a.sh', 'echo a', true), file(long, 'x')));
    const listed = execFileSync('tar', ['-tvf', 'ours.tar'], { cwd: folder, encoding: 'utf8' });
    expect(listed.trim().split('\n')).toEqual([
      expect.stringMatching(/^-rwxr-xr-x .* 6 .* a\.sh$/),
      expect.stringContaining(long),
    ]);
  });

  test.each([['ustar'], ['gnu'], ['pax']])('is read as another program writes it: %s', (format) => {
    const long = 'a-name-that-is-rather-long-'.repeat(3);
    mkdirSync(join(folder, format, 'inner', long), { recursive: true });
    writeFileSync(join(folder, format, 'inner', long, 'leaf'), 'text');
    writeFileSync(join(folder, format, 'run'), '#!/bin/sh\n', { mode: 0o755 });
    const bytes = tar(join(folder, format), `--format=${format}`, '.');
    const found = read(bytes).map(({ path, executable }) => [path, executable]);
    expect(found.sort()).toEqual([
      [`inner/${long}/leaf`, false],
      ['run', true],
    ]);
  });
});

describe('refused with its reason is', () => {
  const refused = (bytes: Uint8Array) => {
    try {
      read(bytes);
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const saying = (message: string) =>
    expect.objectContaining({ code: 'code-invalid', message: expect.stringContaining(message) });

  test.each(['/etc/passwd', '../out', 'a/../../out', 'a/..', 'a\\..\\b', '.'])(
    'a file that would lie elsewhere: %s',
    (path) => {
      expect(refused(archive(file(path, 'x')))).toEqual(saying('outside of its folder'));
    },
  );

  test('a link, whatever it leads to', () => {
    mkdirSync(join(folder, 'links'));
    symlinkSync('/etc', join(folder, 'links', 'etc'));
    expect(refused(tar(join(folder, 'links'), 'etc'))).toEqual(saying('"etc", which is a link'));
  });

  test('the same file twice, and a file that is a folder too', () => {
    expect(refused(archive(file('a', '1'), file('./a', '2')))).toEqual(saying('"a" twice'));
    expect(refused(archive(file('a', '1'), file('a/b', '2')))).toEqual(
      saying('"a" as a file and as a folder'),
    );
  });

  test('what is cut off, damaged, empty, or no tar', () => {
    const whole = archive(file('a', 'x'.repeat(2000)));
    expect(refused(whole.subarray(0, 1000))).toEqual(saying('is cut off'));
    const damaged = Buffer.from(whole);
    damaged[3] = 0x7a;
    expect(refused(damaged)).toEqual(saying('is no tar, or is damaged'));
    expect(refused(readFileSync(import.meta.filename))).toEqual(saying('is no tar'));
    expect(refused(Buffer.alloc(1024))).toEqual(saying('holds no file'));
  });

  test('more than the limits', () => {
    const bytes = archive(file('a', 'xxx'), file('b', 'xxx'));
    expect(() => readArchive(bytes, { files: 1, bytes: 100 })).toThrow('more than 1 files');
    expect(() => readArchive(bytes, { files: 9, bytes: 5 })).toThrow('larger than');
    expect(readArchive(bytes, { files: 2, bytes: 6 })).toHaveLength(2);
  });

  test('a path so long, or folders so many, that no disk should be asked for them', () => {
    const refusal = saying('a name of more than 1024 bytes');
    expect(() => archive(file(`${'a/'.repeat(600)}b`))).toThrow(refusal);
    const name = 'a/'.repeat(2000);
    mkdirSync(join(folder, 'long', 'a', 'a'), { recursive: true });
    writeFileSync(join(folder, 'long', 'a', 'a', 'b'), '');
    const theirs = tar(join(folder, 'long'), '--format=pax', `--transform=s,^a/,${name},`, 'a');
    expect(refused(theirs)).toEqual(refusal);
    expect(read(archive(file(`${'a/'.repeat(400)}b`)))).toHaveLength(1);
    const deep = archive(...['a', 'b', 'c'].map((one) => file(`${`${one}/`.repeat(400)}leaf`)));
    expect(() => readArchive(deep, { files: 1000, bytes: 100 })).toThrow('more than 1000 folders');
  });

  test('whatever a header may claim, with a Problem', () => {
    const whole = archive(file('a', 'text'), file('b', 'text'));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, value) => {
        const changed = Buffer.from(whole);
        changed[at] = value;
        const error = refused(changed);
        if (error !== undefined) expect(error).toMatchObject({ code: 'code-invalid' });
      }),
    );
  });
});
