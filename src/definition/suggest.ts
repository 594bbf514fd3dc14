import { quoted } from './tree.ts';

/** Words of other tools, and older ones of ours, with the word that is meant here. */
const synonyms: Readonly<Record<string, string>> = {
  depends: 'needs',
  'depends-on': 'needs',
  dependencies: 'needs',
  deps: 'needs',
  after: 'needs',
  parents: 'needs',
  upstream: 'needs',
  jobs: 'tasks',
  nodes: 'tasks',
  parallel: 'tandem',
  steps: 'sequence',
  cmd: 'run',
  exec: 'run',
  entrypoint: 'run',
  inputs: 'input',
  params: 'with',
  args: 'with',
  arguments: 'with',
  parameters: 'with',
  foreach: 'each',
  'for-each': 'each',
  'with-items': 'each',
  map: 'each',
  expand: 'each',
  environment: 'env',
  'trigger-rule': 'when',
  rule: 'when',
  'time-limit': 'timeout',
  'retry-delay': 'backoff',
  'max-attempts': 'retries',
  queue: 'pool',
  runner: 'pool',
  'allow-failure': 'may-fail',
  'continue-on-error': 'may-fail',
};

/** A word is compared with so many others, and only while it is short: hints must not cost more than the work. */
const COMPARED_MAX = 2_000;
const LENGTH_MAX = 40;

/** ` (did you mean "needs"?)`, or nothing when no known word is near. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const near = nearest(word, known);
  return near === undefined ? '' : ` (did you mean ${quoted(near)}?)`;
}

function nearest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > LENGTH_MAX) return undefined;
  const plain = kebab(word);
  let compared = 0;
  let best: string | undefined;
  let bestDistance = Math.min(3, Math.ceil(plain.length / 3) + 1, plain.length);
  const synonym = Object.hasOwn(synonyms, plain) ? synonyms[plain] : undefined;
  for (const candidate of known) {
    if (candidate === synonym) return candidate;
    if (++compared > COMPARED_MAX) break;
    const distance = distanceOf(plain, candidate, bestDistance);
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** `queueTimeout` and `queue_timeout` are `queue-timeout`. */
const kebab = (word: string): string =>
  word
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();

/** How many characters must be put in, taken out or changed; at least `limit` when it is no less. */
function distanceOf(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
