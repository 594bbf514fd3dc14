import type { ControlRequest } from '../../src/contract/api.ts';
import { Problem } from '../../src/contract/problem.ts';
import { isEnded } from '../../src/contract/state.ts';
import { type Act, optional, required, text, texts } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openAny, resolveRun, using } from '../servers.ts';

const anyonesLast = ({ dataFolder }: Context): Problem =>
  new Problem(
    'input-invalid',
    `there is no ${dataFolder}, so \`last\` would be anyone's run; name it by its id, or say whose with --data or --url`,
  );

function noteWhatFollows(context: Context, ended: boolean, served: boolean): void {
  if (ended) context.note('nothing had to run again; --task names a task that shall all the same');
  else if (!served)
    context.note(`nothing works on it now; \`${context.hint('serve')}\` goes on with it`);
}

const control =
  (requestOf: (options: Readonly<Record<string, unknown>>) => ControlRequest): Act =>
  async (context, args, options) =>
    using(await openAny(context), async ({ fanfold, url, isGuess }) => {
      const named = required(args, 0);
      if (isGuess && named === 'last') throw anyonesLast(context);
      const id = await resolveRun(fanfold, named);
      const request = requestOf(options);
      const run = await fanfold.control(id, request);
      context.sayJson(run);
      context.say(`run ${id} is ${run.state}`);
      const goesOn = request.action === 'rerun' || request.action === 'resume';
      if (goesOn) noteWhatFollows(context, isEnded(run.state), url !== undefined);
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
