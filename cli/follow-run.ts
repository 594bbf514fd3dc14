/** Follows a run to its end and shows it: as a picture on a terminal, as plain lines elsewhere. */

import type { Fanfold } from '../src/client/fanfold.ts';
import { followPages, unless } from '../src/client/follow.ts';
import type { RunEvent, RunView } from '../src/contract/api.ts';
import { isEnded } from '../src/contract/state.ts';
import type { Context } from './context.ts';
import type { EventsFile } from './events-file.ts';
import { createPlainLines } from './render/plain.ts';
import { runLines } from './render/run-lines.ts';

export interface FollowRunOptions {
  readonly events?: EventsFile | undefined;
  /** Whether looking at the run costs a call over HTTP. */
  readonly isRemote: boolean;
  /** Events go to stdout as JSON lines. */
  readonly jsonEvents?: boolean;
  /** Stops following; the run goes on. */
  readonly signal?: AbortSignal;
}

const DRAW_MS_MIN = 100;
const POLL_MS_MAX = 250;
const POLL_MS_MIN = { remote: 100, embedded: 15 };
/** Looking at a run may take at most this share of the time. */
const LOOKING_SHARE_MAX = 0.1;
/** How long one call waits for a run's end, when nothing is shown of it meanwhile. */
const END_WAIT_MS = 20_000;
/** So that Ctrl-C is heeded soon. */
const PAUSE_MS_MAX = 2_000;

function isLive({ shell, flags }: Context): boolean {
  const { CI, TERM } = shell.env;
  const isCi = CI !== undefined && CI !== '' && CI !== 'false';
  return shell.stderr.isTTY && !isCi && TERM !== 'dumb' && flags.quiet !== true;
}

/** The run as it is at its end, or as it was last seen when following was stopped. */
export async function followRun(
  context: Context,
  fanfold: Fanfold,
  id: string,
  options: FollowRunOptions,
): Promise<RunView> {
  const live = isLive(context);
  const hears = hearersOf(context, id, options, live);
  const following = hears.length > 0 ? followEvents(fanfold, id, options, hears) : undefined;
  if (!live && following !== undefined) {
    await following;
    return fanfold.run(id);
  }
  const [view] = await Promise.all([watch(context, fanfold, id, options, live), following]);
  return view;
}

type Hearer = (events: readonly RunEvent[]) => void;

/** Who wants events; when nobody does, none are fetched: a large run has many. */
function hearersOf(
  context: Context,
  id: string,
  { events, jsonEvents = false }: FollowRunOptions,
  live: boolean,
): Hearer[] {
  const { flags } = context;
  const hears: Hearer[] = [];
  if (events !== undefined) hears.push((page) => events.write(page));
  if (jsonEvents) hears.push((page) => page.forEach(context.sayJson));
  else if (!live && flags.quiet !== true && flags.json !== true) {
    const lineOf = createPlainLines(id);
    hears.push((page) => context.note(page.map(lineOf).join('\n')));
  }
  return hears;
}

async function followEvents(
  fanfold: Fanfold,
  id: string,
  { signal }: FollowRunOptions,
  hears: readonly Hearer[],
): Promise<void> {
  for await (const page of followPages(fanfold, id, signal === undefined ? {} : { signal })) {
    for (const hear of hears) hear(page);
  }
}

/** How long to wait before the next look, for a run followed since `elapsed` ms, the last look at which took `looked` ms. */
function pauseMs(elapsed: number, looked: number, isRemote: boolean): number {
  const usual = Math.min(POLL_MS_MAX, elapsed / 10);
  const least = POLL_MS_MIN[isRemote ? 'remote' : 'embedded'];
  return Math.min(PAUSE_MS_MAX, Math.max(usual, least, looked / LOOKING_SHARE_MAX));
}

/**
 * Looks at the run again and again until it has ended: the sooner the younger it is, so that little is added to the time
 * of a short run.
 */
async function watch(
  { shell, paintNotes, picture }: Context,
  fanfold: Fanfold,
  id: string,
  { isRemote, signal }: FollowRunOptions,
  live: boolean,
): Promise<RunView> {
  const start = shell.now();
  let drawnAt = Number.NEGATIVE_INFINITY;
  while (true) {
    const asked = shell.now();
    const view = await fanfold.run(id);
    const now = shell.now();
    const isLast = isEnded(view.state) || signal?.aborted === true;
    if (live && (isLast || now - drawnAt >= DRAW_MS_MIN)) {
      const { columns, rows } = shell.stderr;
      picture.draw(
        runLines(view, { columns: columns - 1, rows: rows - 1, now, paint: paintNotes }),
      );
      drawnAt = now;
    }
    if (isLast) {
      picture.keep();
      return view;
    }
    if (live) await shell.sleep(pauseMs(now - start, now - asked, isRemote));
    else await unless(signal, fanfold.end(id, END_WAIT_MS));
  }
}
