import type { ImageVersion } from '../../src/contract/image.ts';
import type { Act } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { clockTime, harmless, table } from '../render/text.ts';
import { openAny, using } from '../servers.ts';

/** Lists pools with images of their own, or what was pushed for one. */
export const act: Act = async (context, [pool]) =>
  using(await openAny(context), async ({ fanfold }) => {
    if (typeof pool === 'string') {
      const found = await fanfold.images.show(pool);
      context.sayJson(found);
      show(context, found.versions);
      return exitCodes.succeeded;
    }
    const items = await fanfold.images.list();
    context.sayJson({ items, next: null });
    show(
      context,
      items.map(({ current, last }) => current ?? last),
    );
    return exitCodes.succeeded;
  });

function show(context: Context, items: readonly ImageVersion[]): void {
  if (items.length === 0) {
    context.note('no images');
    return;
  }
  const now = context.shell.now();
  const rows = items.map((one) => [
    one.pool,
    one.digest.slice(0, 19),
    clockTime(one.pushedAt, now),
    one.state,
    harmless(one.why ?? one.tasks.join(', ')),
  ]);
  const head = ['POOL', 'IMAGE', 'PUSHED', '', 'TASKS'];
  for (const line of table([head, ...rows], 200)) context.say(line);
}
