import type { Fanfold, LogLine } from '../../src/client/fanfold.ts';
import { followLogs } from '../../src/client/follow.ts';
import type { PageOf } from '../../src/contract/api.ts';
import { Problem } from '../../src/contract/problem.ts';
import { type Act, number, optional, required, text } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { hearInterrupts } from '../interrupts.ts';
import { harmless } from '../render/text.ts';
import { openAny, resolveRun, using } from '../servers.ts';

/** Prints what tasks printed, of a run or, searched for a text, of all. With --json, one JSON line for each of theirs. */
export const act: Act = async (context, args, options) => {
  if (options.search !== undefined) return search(context, args, options);
  if (args[0] === undefined)
    throw new Problem('input-invalid', 'name a run, or `last`; --search TEXT looks through all');
  return show(context, args, options);
};

const LIMIT_USUAL = 100;

const search: Act = async (context, args, options) =>
  using(await openAny(context), async ({ fanfold }) => {
    const most = number(options.limit) ?? LIMIT_USUAL;
    const run = text(args[0]);
    const filter = {
      text: String(options.search),
      ...(run !== undefined && { run: await resolveRun(fanfold, run) }),
      ...optional('task', text(args[1])),
      ...optional('stream', streamOf(text(options.level))),
      ...optional('from', number(options.since)),
      ...optional('to', number(options.until)),
    };
    let found = 0;
    for (let after: string | null | undefined; after !== null && found < most; ) {
      const asked = { ...filter, limit: most - found, ...optional('after', after) };
      const page: PageOf<LogLine> = await fanfold.searchLogs(asked);
      printFound(context, page.items);
      found += page.items.length;
      after = page.next;
    }
    if (found === 0) context.note('no such line');
    else if (found >= most) context.note(`the first ${most}; more with --limit`);
    return exitCodes.succeeded;
  });

function streamOf(word: string | undefined): LogLine['stream'] | undefined {
  const streams = ['stdout', 'stderr', 'system'] as const;
  const stream = streams.find((one) => one === word);
  if (word === undefined || stream !== undefined) return stream;
  throw new Problem('input-invalid', `--level ${word}: expected one of ${streams.join(', ')}`);
}

function printFound({ paint, say, sayJson }: Context, lines: readonly LogLine[]): void {
  for (const line of lines) {
    sayJson(line);
    const at = new Date(line.at).toISOString();
    const of = `${line.run} ${paint.cyan(`${line.task}[${line.attempt}]`)}`;
    say(`${at} ${of} ${harmless(line.text)}`);
  }
}

const show: Act = async (context, args, options) =>
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
