import type { ControlRequest } from '../../src/contract/api.ts';
import { type Act, optional, required, text, texts } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { openAny, resolveRun, using } from '../servers.ts';

const control =
  (requestOf: (options: Readonly<Record<string, unknown>>) => ControlRequest): Act =>
  async (context, args, options) =>
    using(await openAny(context), async ({ fanfold, url }) => {
      const id = await resolveRun(fanfold, required(args, 0));
      const request = requestOf(options);
      const run = await fanfold.control(id, request);
      context.sayJson(run);
      context.say(`run ${id} is ${run.state}`);
      const goesOn = request.action === 'rerun' || request.action === 'resume';
      if (url === undefined && goesOn) {
        context.note('nothing works on it now; `fanfold serve` goes on with it');
      }
      return exitCodes.succeeded;
    });

export const cancel = control((options) => ({
  action: 'cancel',
  ...optional('reason', text(options.reason)),
}));
export const pause = control(() => ({ action: 'pause' }));
export const resume = control(() => ({ action: 'resume' }));
export const rerun = control((options) => {
  const tasks = texts(options.task);
  return { action: 'rerun', ...optional('tasks', tasks.length > 0 ? [...tasks] : undefined) };
});
