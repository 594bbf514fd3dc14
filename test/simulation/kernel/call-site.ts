/** Where in the code the call at hand was made, such as `src/engine/fan-out.ts:42`: the first frame behind the ports. */
export function callSite(otherwise: string): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 30;
  const stack = new Error('here').stack ?? '';
  Error.stackTraceLimit = limit;
  for (const line of stack.split('\n')) {
    const found = /\/((?:src|test)\/[^():]+:\d+):\d+\)?$/.exec(line)?.[1];
    if (found && !/^(src\/adapters\/memory|test\/simulation\/kernel)\//.test(found)) return found;
  }
  return otherwise;
}
