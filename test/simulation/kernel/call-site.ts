import { fileURLToPath } from 'node:url';

interface Frame {
  readonly file: string;
  readonly line: number;
}

const FRAMES_MAX = 20;
const root = fileURLToPath(new URL('../../../', import.meta.url));
/** What stands between the ports and whom they are called by. */
const between = /^(src\/adapters\/memory|test\/simulation\/kernel)\//;
/** What calls ports for many others: there, the place is theirs, too. */
const shared: readonly string[] = ['src/engine/pages.ts'];

/**
 * Where in the code the call at hand was made, such as `src/engine/fan-out.ts:42`: the first frame of the product behind
 * the ports, or else of who plays it.
 */
export function callSite(otherwise: string): string {
  const frames = framesHere().filter(({ file }) => !between.test(file));
  const own = Math.max(
    0,
    frames.findIndex(({ file }) => file.startsWith('src/')),
  );
  const [frame, caller] = frames.slice(own);
  if (frame === undefined) return otherwise;
  const tail = shared.includes(frame.file) && caller ? ` for ${placeOf(caller)}` : '';
  return placeOf(frame) + tail;
}

const placeOf = ({ file, line }: Frame): string => `${file}:${line}`;

/** Of the project's files, innermost first. */
function framesHere(): readonly Frame[] {
  const { stackTraceLimit, prepareStackTrace } = Error;
  Error.stackTraceLimit = FRAMES_MAX;
  Error.prepareStackTrace = (_error, sites) => sites;
  const holder: { stack?: readonly NodeJS.CallSite[] } = {};
  Error.captureStackTrace(holder);
  const sites = holder.stack ?? [];
  Error.prepareStackTrace = prepareStackTrace;
  Error.stackTraceLimit = stackTraceLimit;
  return sites.flatMap((site) => {
    const path = site.getFileName()?.replace(/^file:\/\//, '') ?? '';
    const line = site.getLineNumber();
    return path.startsWith(root) && line !== null ? [{ file: path.slice(root.length), line }] : [];
  });
}
