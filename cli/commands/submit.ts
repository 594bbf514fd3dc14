import { type Act, required } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { openServer } from '../servers.ts';
import { serverTarget, shipCode } from '../ship-code.ts';
import { requestOf } from '../submission.ts';

/** Hands a workflow file to a server and leaves. */
export const act: Act = async (context, args, options) => {
  const request = await requestOf(context, required(args, 0), options);
  const server = await openServer(context);
  const { run } = await server.submit(await shipCode(request, serverTarget(server)));
  context.sayJson(run);
  context.say(run.id);
  return exitCodes.succeeded;
};
