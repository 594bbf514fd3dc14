import { Problem } from '../../src/contract/problem.ts';
import { type Act, number, optional, text } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { giveBackWhenIdle } from '../give-back.ts';
import { hearInterrupts } from '../interrupts.ts';
import { findServer, startEmbedded } from '../servers.ts';

/** For a server that comes up by itself, as in a container. */
function firstAdmin({
  FANFOLD_ADMIN_NAME: name,
  FANFOLD_ADMIN_PASSWORD: password,
}: Context['shell']['env']) {
  return name && password ? { name, password } : undefined;
}

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
    ...optional('host', text(options.host)),
    ...optional('firstAdmin', firstAdmin(shell.env)),
  });
  context.sayJson({ url: embedded.url, data: dataFolder, pid: process.pid });
  context.say(`serving ${embedded.url}/v1, data in ${dataFolder}; Ctrl-C ends`);
  const link = embedded.link();
  if (link !== undefined) context.note(`open in a browser, once: ${link}`);
  const stop = giveBackWhenIdle();
  await new Promise<void>((resolve) => void hearInterrupts(shell, () => resolve()));
  stop();
  context.note('closing; Ctrl-C again leaves at once');
  await embedded.close();
  return exitCodes.succeeded;
};
