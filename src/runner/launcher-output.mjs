/** What a program has given. */
import { readFileSync, statSync } from 'node:fs';

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
