import { Problem } from '../../src/contract/problem.ts';
import { type Act, number, optional } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { giveBackWhenIdle } from '../give-back.ts';
import { hearInterrupts } from '../interrupts.ts';
import { findServer, startEmbedded } from '../servers.ts';

/** Serves the API until it is told to end; goes on with runs that have not ended. */
export const act: Act = async (context, _args, options) => {
  const { shell, dataFolder } = context;
  const other = await findServer(context);
  if (other !== undefined) {
    throw new Problem('data-in-use', `${dataFolder} is held by the server at ${other} already`);
  }
  const embedded = await startEmbedded(context, {
    ...optional('port', number(options.port)),
    ...optional('slots', number(options.slots)),
    ...optional('keepDays', number(options.keep)),
  });
  context.sayJson({ url: embedded.url, data: dataFolder, pid: process.pid });
  context.say(`serving ${embedded.url}/v1, data in ${dataFolder}; Ctrl-C ends`);
  const stop = giveBackWhenIdle();
  await new Promise<void>((resolve) => void hearInterrupts(shell, () => resolve()));
  stop();
  context.note('closing; Ctrl-C again leaves at once');
  await embedded.close();
  return exitCodes.succeeded;
};
