import { isEnded } from '../../src/contract/state.ts';
import { type Act, required, text } from '../command.ts';
import { openEventsFile } from '../events-file.ts';
import { exitCodeOfRun } from '../exit-codes.ts';
import { followRun } from '../follow-run.ts';
import { hearInterrupts } from '../interrupts.ts';
import { openAny, resolveRun, using } from '../servers.ts';
import { summarize } from '../summary.ts';

/** Follows a run to its end; leaves with its exit code. With --json its events are the answer, one a line. */
export const act: Act = async (context, args, options) =>
  using(await openAny(context), async ({ fanfold, url }) => {
    const id = await resolveRun(fanfold, required(args, 0));
    const found = await fanfold.run(id);
    if (url === undefined && !isEnded(found.state)) {
      context.note(`nothing works on run ${id} now; \`${context.hint('serve')}\` goes on with it`);
      return exitCodeOfRun(found);
    }
    const path = text(options.events);
    const events = path === undefined ? undefined : openEventsFile(context.path(path));
    const interrupts = hearInterrupts(context.shell, () => undefined);
    try {
      const view = await followRun(context, fanfold, id, {
        events,
        isRemote: url !== undefined,
        jsonEvents: context.flags.json === true,
        signal: interrupts.signal,
      });
      const code = interrupts.code();
      if (code !== undefined) return code;
      if (context.flags.json !== true) {
        await summarize(context, fanfold, view, url ?? context.dataFolder);
      }
      return exitCodeOfRun(view);
    } finally {
      interrupts.off();
      events?.close();
    }
  });
