/** Why a file is no program of this machine, from its first bytes. */
import { closeSync, openSync, readSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';

/** Numbers of processors in ELF files, by Node's names of them. */
const machines = {
  3: 'ia32',
  8: 'mips',
  20: 'ppc',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  62: 'x64',
  183: 'arm64',
  243: 'riscv64',
};
const head = Buffer.alloc(20);

/**
 * Undefined: nothing speaks against it, or it is not a path. The kernel refuses such files; the C library then has the
 * shell try them, whose words about it help nobody.
 */
export function unfit(file, cwd) {
  if (!file.includes('/')) return undefined;
  const length = readHead(isAbsolute(file) ? file : resolve(cwd, file));
  if (length < 4) return undefined;
  const magic = head.toString('latin1', 0, 4);
  if (magic === '\x7fELF') return length < 20 ? `${file} is cut off` : foreign(file);
  if (magic.startsWith('#!')) return undefined;
  if (magic.startsWith('MZ')) return `${file} is a program for Windows`;
  if (foreignMagic.has(head.readUInt32BE(0))) return `${file} is a program for macOS`;
  return `${file} does not say what runs it: its first line must begin with #!, such as #!/usr/bin/env python3`;
}

const foreignMagic = new Set([0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe, 0xcafebabe]);

function foreign(file) {
  const number = head[5] === 2 ? head.readUInt16BE(18) : head.readUInt16LE(18);
  const machine = machines[number] ?? `processors of type ${number}`;
  if (machine === process.arch) return undefined;
  return `${file} is a program for ${machine}, and this machine is ${process.arch}`;
}

function readHead(path) {
  let fd;
  try {
    fd = openSync(path, 'r');
    return readSync(fd, head, 0, head.length, 0);
  } catch {
    return 0;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
