/** What a program has given, and is given while it runs: in files. */
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** The input to be read; laid first, in a folder that steps share: there an earlier one may have put anything in its place. */
export function openInput(file, text) {
  if (text !== undefined) {
    rmSync(file, { force: true });
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  }
  return openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
}

/** The output in the file, else the last line of stdout where that is JSON; or why it is `refused`. */
export function readOutput(path, bytesMax, lastLine) {
  let fd;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (error.code === 'ENOENT') return { output: jsonOrNull(lastLine) };
    return { refused: `the output file can not be read: ${error.message}` };
  }
  try {
    return outputIn(fd, bytesMax);
  } finally {
    closeSync(fd);
  }
}

/** A pipe would let us wait for ever. */
function outputIn(fd, bytesMax) {
  const stat = fstatSync(fd);
  if (!stat.isFile()) return { refused: 'the output is no file' };
  if (stat.size > bytesMax)
    return { refused: `the output has ${stat.size} bytes, more than ${bytesMax}` };
  try {
    return { output: flat(JSON.parse(readFileSync(fd, 'utf8'))) };
  } catch (error) {
    return { refused: `the output file can not be read as JSON: ${error.message}` };
  }
}

function jsonOrNull(text) {
  if (text === undefined) return null;
  try {
    return flat(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The value, unless it is nested too deeply to be written again. */
function flat(value) {
  JSON.stringify(value);
  return value;
}

/** Writes the answer to what was asked under this number, whole at once; says why it could not. */
export function layAnswer(folder, ask, answer) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, `${ask}.json`);
    // What the task may have put there, such as a pipe, is not written to.
    rmSync(`${path}.new`, { force: true });
    writeFileSync(`${path}.new`, JSON.stringify(answer), { mode: 0o600, flag: 'wx' });
    renameSync(`${path}.new`, path);
    return undefined;
  } catch (error) {
    return `an answer could not be given: ${error.message}`;
  }
}
