import type { Fanfold, LogLine } from '../../src/client/fanfold.ts';
import { followLogs } from '../../src/client/follow.ts';
import { type Act, number, optional, required, text } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { hearInterrupts } from '../interrupts.ts';
import { harmless } from '../render/text.ts';
import { openAny, resolveRun, using } from '../servers.ts';

/** Prints what tasks printed. With --json, one JSON line for each of theirs. */
export const act: Act = async (context, args, options) =>
  using(await openAny(context), async ({ fanfold, url }) => {
    const id = await resolveRun(fanfold, required(args, 0));
    const task = text(args[1]);
    const interrupts = hearInterrupts(context.shell, () => undefined);
    const pages = followLogs(fanfold, id, {
      ...optional('task', task),
      ...optional('attempt', number(options.attempt)),
      // Without a server nothing works on the run, so nothing more can come.
      follow: options.follow === true && url !== undefined,
      signal: interrupts.signal,
      sleep: context.shell.sleep,
    });
    let isSilent = true;
    try {
      for await (const lines of pages) {
        isSilent = false;
        print(context, lines, task);
      }
    } finally {
      interrupts.off();
    }
    if (isSilent && task !== undefined) await tellSilence(context, fanfold, id, task);
    return interrupts.code() ?? exitCodes.succeeded;
  });

/** Refuses a task that is not there: a wrong name must not look like a task that printed nothing. */
async function tellSilence(
  context: Context,
  fanfold: Fanfold,
  run: string,
  task: string,
): Promise<void> {
  const { state } = await fanfold.task(run, task);
  context.note(`task ${harmless(task)} is ${state} and has printed nothing`);
}

function print(context: Context, lines: readonly LogLine[], task: string | undefined): void {
  const { paint, say, sayJson, flags } = context;
  if (flags.json === true) {
    for (const line of lines) sayJson(line);
    return;
  }
  const texts = lines.map((line) => {
    const of = task === line.task ? '' : `${paint.cyan(`${line.task}[${line.attempt}]`)} `;
    // A tab is the one control character that log lines may hold.
    const plain = line.text.split('\t').map(harmless).join('\t');
    return `${of}${line.stream === 'stdout' ? plain : paint.dim(plain)}`;
  });
  say(texts.join('\n'));
}
