/**
 * The archive in which code travels: tar (ustar, with long names by pax), of files only. The same files are the same
 * bytes, whoever writes them, so that their hash names them.
 */
import { Problem } from './problem.ts';

export interface ArchivedFile {
  /** Within the code's folder, with `/` between its parts. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly executable: boolean;
}

/** What is too much of it. A function has half a GB of disk for code and for all that its tasks write. */
export const archiveLimits = {
  files: 10_000,
  /** Of all files together. */
  bytes: 128 * 1024 * 1024,
  /** Of the archive, compressed. */
  packedBytes: 32 * 1024 * 1024,
  /** Of a file's name with its folders, since a single one may ask for a folder each two bytes. */
  nameBytes: 1024,
} as const;
export type ArchiveLimits = { readonly files: number; readonly bytes: number };

const block = 512;
const nameMax = 100;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

const invalid = (what: string): Problem =>
  new Problem('code-invalid', `the code's archive ${what}`);

/** Throws `Problem` `code-invalid` when it is too much. */
export function checkSize(files: number, bytes: number, limits: ArchiveLimits): void {
  if (files > limits.files)
    throw new Problem('code-invalid', `the code has more than ${limits.files} files`);
  if (bytes > limits.bytes)
    throw new Problem('code-invalid', `the code is larger than ${megabytes(limits.bytes)}`);
}

export const megabytes = (bytes: number): string => `${Math.floor(bytes / 1024 / 1024)} MB`;

/** Pieces of the archive, one after another. Sorted by path. */
export function writeArchive(files: readonly ArchivedFile[]): Uint8Array[] {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const pieces = sorted.flatMap(({ path, bytes, executable }) => {
    const name = encoder.encode(path);
    checkName(path, name.length);
    const long = name.length > nameMax ? entry(encoder.encode('long-name'), 'x', paxOf(name)) : [];
    return [...long, ...entry(name.subarray(0, nameMax), '0', bytes, executable)];
  });
  return [...pieces, new Uint8Array(2 * block)];
}

function checkName(path: string, bytes: number): void {
  const { nameBytes } = archiveLimits;
  if (bytes > nameBytes)
    throw invalid(`holds ${quoted(path)}, a name of more than ${nameBytes} bytes`);
}

/** `LENGTH path=NAME\n`, where the length counts its own digits. */
function paxOf(name: Uint8Array): Uint8Array {
  const rest = name.length + ' path=\n'.length;
  const digits = String(rest + String(rest).length).length;
  const head = encoder.encode(`${rest + digits} path=`);
  return Uint8Array.from([...head, ...name, 0x0a]);
}

function entry(
  name: Uint8Array,
  type: string,
  bytes: Uint8Array,
  executable = false,
): readonly Uint8Array[] {
  const header = new Uint8Array(block);
  const put = (at: number, text: string): void => header.set(encoder.encode(text), at);
  const octal = (at: number, length: number, value: number): void =>
    put(at, `${value.toString(8).padStart(length - 1, '0')}\0`);
  header.set(name, 0);
  octal(100, 8, executable ? 0o755 : 0o644);
  octal(108, 8, 0);
  octal(116, 8, 0);
  octal(124, 12, bytes.length);
  octal(136, 12, 0);
  put(156, type);
  put(257, 'ustar\x0000');
  put(148, `${sumOf(header).toString(8).padStart(6, '0')}\0 `);
  return [header, bytes, new Uint8Array(padding(bytes.length))];
}

const padding = (length: number): number => (block - (length % block)) % block;

/** The header's sum, with blanks where the sum itself is. */
function sumOf(header: Uint8Array): number {
  let sum = 0;
  for (const [i, byte] of header.entries()) sum += i >= 148 && i < 156 ? 0x20 : byte;
  return sum;
}

interface Header {
  readonly path: string;
  readonly type: string;
  readonly size: number;
  readonly executable: boolean;
}

/**
 * The files of an archive. Throws `Problem` `code-invalid` for what is no archive, is too much, holds anything but files
 * and folders, or would lie outside of its folder.
 */
export function readArchive(bytes: Uint8Array, limits: ArchiveLimits): readonly ArchivedFile[] {
  const files = new Map<string, ArchivedFile>();
  let total = 0;
  for (const { header, content, path } of namedEntries(bytes)) {
    if (header.type === '5') continue;
    if (header.type !== '0' && header.type !== '\0') throw notAFile(path);
    total += header.size;
    addTo(files, { path: safe(path), bytes: content, executable: header.executable });
    checkSize(files.size, total, limits);
  }
  if (files.size === 0) throw invalid('holds no file');
  checkFolders(files, limits);
  return [...files.values()];
}

interface Entry {
  readonly header: Header;
  readonly content: Uint8Array;
}

/** What stands in the archive, with names as long as they are. */
function* namedEntries(bytes: Uint8Array): Generator<Entry & { readonly path: string }> {
  let longName: string | undefined;
  for (const { header, content } of entriesOf(bytes)) {
    if (header.type === 'x') longName = paxPath(content) ?? longName;
    else if (header.type === 'L') longName = textOf(content).replace(/\0.*$/s, '');
    else if (header.type !== 'g') {
      yield { header, content, path: longName ?? header.path };
      longName = undefined;
    }
  }
}

function* entriesOf(bytes: Uint8Array): Generator<Entry> {
  for (let at = 0; at + block <= bytes.length && bytes[at] !== 0; ) {
    const header = headerAt(bytes.subarray(at, at + block));
    const content = bytes.subarray(at + block, at + block + header.size);
    if (content.length < header.size) throw invalid('is cut off');
    at += block + header.size + padding(header.size);
    yield { header, content };
  }
}

const notAFile = (path: string): Problem =>
  invalid(`holds ${quoted(path)}, which is a link or a device; only files and folders travel`);

function addTo(files: Map<string, ArchivedFile>, file: ArchivedFile): void {
  if (files.has(file.path)) throw invalid(`holds ${quoted(file.path)} twice`);
  files.set(file.path, file);
}

function headerAt(header: Uint8Array): Header {
  const text = (at: number, length: number): string =>
    textOf(header.subarray(at, at + length)).replace(/\0.*$/s, '');
  const octal = (at: number, length: number): number => Number.parseInt(text(at, length), 8);
  if (octal(148, 8) !== sumOf(header)) throw invalid('is no tar, or is damaged');
  const size = octal(124, 12);
  if (!(size >= 0)) throw invalid('holds a file of unknown size');
  const prefix = text(257, 6) === 'ustar' ? text(345, 155) : '';
  return {
    path: prefix === '' ? text(0, nameMax) : `${prefix}/${text(0, nameMax)}`,
    type: String.fromCharCode(header[156] as number),
    size,
    executable: (octal(100, 8) & 0o100) !== 0,
  };
}

/** The last `path` of a pax header's lines. */
function paxPath(content: Uint8Array): string | undefined {
  let path: string | undefined;
  for (const line of textOf(content).split('\n')) {
    const found = /^\d+ path=(.*)$/s.exec(line);
    if (found) path = found[1];
  }
  return path;
}

function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw invalid('holds a name that is not UTF-8');
  }
}

/** A path that stays where it is unpacked. */
function safe(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const leaves = path.startsWith('/') || parts.includes('..') || /[\0\\]/.test(path);
  if (leaves || parts.length === 0)
    throw invalid(`holds ${quoted(path)}, which would lie outside of its folder`);
  checkName(path, encoder.encode(path).length);
  return parts.join('/');
}

/** No file is a folder as well, and there are not too many folders to make. */
function checkFolders(files: ReadonlyMap<string, ArchivedFile>, limits: ArchiveLimits): void {
  const folders = new Set<string>();
  for (const path of files.keys())
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
      const folder = path.slice(0, end);
      if (files.has(folder)) throw invalid(`holds ${quoted(folder)} as a file and as a folder`);
      if (folders.add(folder).size > limits.files)
        throw new Problem('code-invalid', `the code has more than ${limits.files} folders`);
    }
}

const quoted = (path: string): string => JSON.stringify(path.slice(0, 200));
