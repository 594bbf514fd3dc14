import type { Fanfold } from '../../src/client/fanfold.ts';
import type { RunView, SubmitRequest } from '../../src/contract/api.ts';
import { Problem } from '../../src/contract/problem.ts';
import { type Act, number, optional, required, text } from '../command.ts';
import type { Context } from '../context.ts';
import { type EventsFile, openEventsFile } from '../events-file.ts';
import { exitCodeOfRun, exitCodes } from '../exit-codes.ts';
import { followRun } from '../follow-run.ts';
import { hearInterrupts } from '../interrupts.ts';
import { makespanLine } from '../makespan.ts';
import { findServer, givenUrl, startEmbedded } from '../servers.ts';
import type { Signal } from '../shell.ts';
import { ownTarget, serverTarget, shipCode } from '../ship-code.ts';
import { requestOf } from '../submission.ts';
import { summarize } from '../summary.ts';

/** Runs a workflow file to its end: in this process, or on the server that holds the data folder. */
export const act: Act = async (context, args, options) => {
  const request = await requestOf(context, required(args, 0), options);
  const url = givenUrl(context) ?? (await findServer(context));
  if (options.detach === true) return detach(context, request, url);
  const path = text(options.events);
  const events = path === undefined ? undefined : openEventsFile(context.path(path));
  try {
    if (url !== undefined) return await runOnServer(context, request, url, events);
    return await runHere(context, request, number(options.slots), events);
  } finally {
    events?.close();
  }
};

async function detach(
  context: Context,
  request: SubmitRequest,
  url: string | undefined,
): Promise<number> {
  if (url === undefined) {
    throw new Problem(
      'server-unreachable',
      `no server holds ${context.dataFolder}, so nothing would go on with the run; start one with \`${context.hint('serve')}\`, or leave out --detach`,
    );
  }
  const server = context.shell.connect(url, context.flags.profile);
  const { run } = await server.submit(await shipCode(request, serverTarget(server)));
  context.sayJson(run);
  context.say(run.id);
  return exitCodes.succeeded;
}

/** Ctrl-C lets go of the run; the server goes on with it. */
async function runOnServer(
  context: Context,
  request: SubmitRequest,
  url: string,
  events: EventsFile | undefined,
): Promise<number> {
  const fanfold = context.shell.connect(url, context.flags.profile);
  const { run } = await fanfold.submit(await shipCode(request, serverTarget(fanfold)));
  context.note(`run ${run.id} goes to the server at ${url}`);
  const interrupts = hearInterrupts(context.shell, () =>
    context.note(`the run goes on; see it again with: ${context.hint(`watch ${run.id}`)}`),
  );
  const following = { events, isRemote: true, signal: interrupts.signal };
  try {
    const view = await followRun(context, fanfold, run.id, following);
    const code = interrupts.code();
    if (code !== undefined) return code;
    const makespan = makespanLine(request.workflow, view, undefined);
    await summarize(context, fanfold, view, url, makespan);
    return exitCodeOfRun(view);
  } finally {
    interrupts.off();
  }
}

async function runHere(
  context: Context,
  request: SubmitRequest,
  slots: number | undefined,
  events: EventsFile | undefined,
): Promise<number> {
  const embedded = await startEmbedded(context, optional('slots', slots));
  try {
    const { run } = await embedded.engine.submit(await shipCode(request, ownTarget(embedded)));
    const makespan = (view: RunView) => makespanLine(request.workflow, view, embedded.slots);
    return await followHere(context, embedded.engine, run.id, events, makespan);
  } finally {
    await embedded.close();
  }
}

/** Ctrl-C cancels the run. Other signals leave it as it is: whoever opens the data folder next goes on with it. */
async function followHere(
  context: Context,
  engine: Fanfold,
  id: string,
  events: EventsFile | undefined,
  makespan: (view: RunView) => string | undefined,
): Promise<number> {
  const leaving = new AbortController();
  const onSignal = (signal: Signal) => {
    if (signal !== 'SIGINT') return leaving.abort();
    context.note('cancelling the run; Ctrl-C again leaves at once');
    engine.control(id, { action: 'cancel', reason: 'interrupted' }).catch(() => undefined);
  };
  const interrupts = hearInterrupts(context.shell, onSignal);
  try {
    const view = await followRun(context, engine, id, {
      events,
      isRemote: false,
      signal: leaving.signal,
    });
    if (leaving.signal.aborted)
      context.note(`run ${id} is kept; \`${context.hint('serve')}\` goes on with it`);
    else await summarize(context, engine, view, context.dataFolder, makespan(view));
    return interrupts.code() ?? exitCodeOfRun(view);
  } finally {
    interrupts.off();
  }
}
