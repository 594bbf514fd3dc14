import { Problem } from '../../src/contract/problem.ts';
import { dstPolicies } from '../../src/contract/schedule.ts';
import { previewLine, previewSlots, readFrom } from '../../src/definition/preview.ts';
import { readExpression } from '../../src/definition/timing.ts';
import { type Act, number, type Options, optional, text, texts } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';

const COUNT = 10;

/** Shows when an expression comes next; with --stdin answers line by line. */
export const act: Act = async (context, args, options) => {
  if (options.stdin === true) return answerLines(context);
  const expression = text(args[0]);
  if (expression === undefined)
    throw new Problem('input-invalid', 'name an expression, such as "0 9 * * mon-fri", or --stdin');
  const zone = text(options.zone) ?? 'UTC';
  const from = readFrom(text(options.from), zone, context.shell.now());
  const given = {
    ...readExpression(expression, zone),
    timezone: zone,
    ...optional('dst', dstOf(options)),
    exclude: [...texts(options.exclude)],
  };
  const slots = previewSlots(given, from, number(options.count) ?? COUNT);
  context.sayJson({ fires: slots.map((slot) => new Date(slot).toISOString()) });
  const shown = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    dateStyle: 'full',
    timeStyle: 'long',
  });
  for (const slot of slots)
    context.say(`${new Date(slot).toISOString()}  ${context.paint.dim(shown.format(slot))}`);
  if (slots.length === 0) context.note('nothing comes any more');
  return exitCodes.succeeded;
};

async function answerLines({ shell }: Context): Promise<number> {
  for await (const line of shell.lines()) {
    if (line.trim() === '') continue;
    shell.stdout.write(`${JSON.stringify(previewLine(line, shell.now()))}\n`);
  }
  return exitCodes.succeeded;
}

function dstOf(options: Options): (typeof dstPolicies)[number] | undefined {
  const word = text(options.dst);
  const policy = dstPolicies.find((one) => one === word);
  if (word === undefined || policy !== undefined) return policy;
  throw new Problem('input-invalid', `--dst ${word}: expected one of ${dstPolicies.join(', ')}`);
}
