/** Processes that reach no network. Imported by the launcher and by the executor. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Where systems have it. Never looked for in a task's own PATH: what lies there may be the task's. */
const places = ['/usr/bin/unshare', '/bin/unshare', '/run/current-system/sw/bin/unshare'];
/**
 * An empty network, in a space of users of its own: nobody in it may go back, whoever they are outside. Files stay whose
 * they are.
 */
const flags = ['--user', '--map-current-user', '--net', '--'];

const unshare = places.find((path) => existsSync(path));

export const withoutNetwork = (argv) => [unshare ?? 'unshare', ...flags, ...argv];

let known;

/** Why this machine cannot keep processes of ours off the network; undefined where it can. Found out once. */
export function whyNoEmptyNetwork() {
  known ??= { why: tryIt() };
  return known.why;
}

function tryIt() {
  if (unshare === undefined) return 'there is no unshare here (util-linux)';
  const [file, ...args] = withoutNetwork(['/bin/sh', '-c', ':']);
  const { status, error, stderr } = spawnSync(file, args, { encoding: 'utf8', env: {} });
  if (status === 0) return undefined;
  return `the kernel does not let us: ${error?.message ?? stderr.trim()}`;
}
