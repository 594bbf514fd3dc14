/** What a program has given, and is given while it runs: in files. */
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The output in the file, else the last line of stdout where that is JSON; or why it is `refused`. */
export function readOutput(path, bytesMax, lastLine) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return { output: jsonOrNull(lastLine) };
  if (stat.size > bytesMax) {
    return { refused: `the output has ${stat.size} bytes, more than ${bytesMax}` };
  }
  try {
    return { output: flat(JSON.parse(readFileSync(path, 'utf8'))) };
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
    writeFileSync(`${path}.new`, JSON.stringify(answer), { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return undefined;
  } catch (error) {
    return `an answer could not be given: ${error.message}`;
  }
}
