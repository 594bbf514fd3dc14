import type { PackageSummary } from '../../src/contract/api.ts';
import { type Act, number, optional, text } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { clockTime, table } from '../render/text.ts';
import { openAny, using } from '../servers.ts';

/** Lists packages, or the versions of one. */
export const act: Act = async (context, args, options) =>
  using(await openAny(context), async ({ fanfold }) => {
    const [name] = args;
    if (typeof name === 'string') {
      const found = await fanfold.package(name);
      context.sayJson(found);
      show(context, found.versions);
      return exitCodes.succeeded;
    }
    const page = await fanfold.packages({
      ...optional('after', text(options.after)),
      ...optional('limit', number(options.limit)),
    });
    context.sayJson(page);
    show(context, page.items);
    if (page.next !== null) context.note(`more: ${context.hint(`packages --after ${page.next}`)}`);
    return exitCodes.succeeded;
  });

function show(context: Context, items: readonly PackageSummary[]): void {
  if (items.length === 0) {
    context.note('no packages');
    return;
  }
  const now = context.shell.now();
  const rows = items.map((one) => [
    one.name,
    one.digest,
    String(one.size),
    clockTime(one.pushedAt, now),
  ]);
  const head = ['PACKAGE', 'DIGEST', 'BYTES', 'PUSHED'];
  for (const line of table([head, ...rows], 200)) context.say(line);
}
