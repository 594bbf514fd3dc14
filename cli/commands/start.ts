import { join } from 'node:path';
import type { Fanfold } from '../../src/client/fanfold.ts';
import type { RunView } from '../../src/contract/api.ts';
import { Problem } from '../../src/contract/problem.ts';
import { type Act, number, optional } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodeOfRun, exitCodes } from '../exit-codes.ts';
import { followRun } from '../follow-run.ts';
import { giveBackWhenIdle } from '../give-back.ts';
import { hearInterrupts, type Interrupts } from '../interrupts.ts';
import { packageRoot } from '../package-root.ts';
import { findServer, startEmbedded } from '../servers.ts';
import type { Embedded } from '../shell.ts';
import { requestOf } from '../submission.ts';
import { summarize } from '../summary.ts';

/** The workflow that newcomers see first. */
const EXAMPLE = join(packageRoot(), 'examples/weather/workflow.yaml');

/** Starts Fanfold here, runs the example and shows it; then stays up to serve, unless told to run it once. */
export const act: Act = async (context, _args, options) => {
  const other = await findServer(context);
  if (other !== undefined) {
    throw new Problem(
      'data-in-use',
      `${context.dataFolder} is held by the server at ${other} already`,
    );
  }
  const request = await requestOf(context, EXAMPLE, {});
  const embedded = await startEmbedded(context, {
    ...optional('port', number(options.port)),
    ...optional('slots', number(options.slots)),
  });
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const interrupts = hearInterrupts(context.shell, () => end());
  try {
    greet(context, embedded);
    const { run } = await embedded.engine.submit(request);
    const view = await show(context, embedded.engine, run.id, interrupts);
    if (interrupts.code() !== undefined) return interrupts.code() ?? exitCodes.failed;
    if (options.once === true) return exitCodeOfRun(view);
    context.note(
      `serving ${embedded.url}/v1; try \`npx fanfold init hello\` or \`npx fanfold ls\`; Ctrl-C ends`,
    );
    const stop = giveBackWhenIdle();
    await ended;
    stop();
    return exitCodes.succeeded;
  } finally {
    await embedded.close();
    interrupts.off();
  }
};

function greet({ note, paintNotes, dataFolder }: Context, { url, link }: Embedded): void {
  note(`${paintNotes.bold('fanfold')}, all in this process`);
  note(`  API      ${url}/v1`);
  note(`  browser  ${link() ?? ''}`);
  note(`  data     ${dataFolder}`);
  note(`  example  ${EXAMPLE}`);
}

async function show(
  context: Context,
  engine: Fanfold,
  id: string,
  { signal }: Interrupts,
): Promise<RunView> {
  const view = await followRun(context, engine, id, { isRemote: false, signal });
  if (!signal.aborted) await summarize(context, engine, view, context.dataFolder);
  return view;
}
