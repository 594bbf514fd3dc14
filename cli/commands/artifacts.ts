import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Content, Fanfold } from '../../src/client/fanfold.ts';
import type { ArtifactView } from '../../src/contract/api.ts';
import { Problem } from '../../src/contract/problem.ts';
import { type Act, optional, text } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { harmless, table } from '../render/text.ts';
import { openAny, resolveRun, using } from '../servers.ts';

/** Lists what a run's tasks, or one of them, have left; with --out, fetches it. */
export const act: Act = async (context, args, options) =>
  using(await openAny(context), async ({ fanfold }) => {
    const id = await resolveRun(fanfold, text(args[0]) ?? 'last');
    const items = await allArtifacts(fanfold, id, text(args[1]));
    const out = text(options.out);
    if (out !== undefined) for (const one of items) await fetchInto(fanfold, id, one, out);
    context.sayJson({ items, next: null });
    if (context.flags.json !== true) tell(context, items);
    return exitCodes.succeeded;
  });

async function allArtifacts(
  fanfold: Fanfold,
  id: string,
  task: string | undefined,
): Promise<readonly ArtifactView[]> {
  const items: ArtifactView[] = [];
  for (let after: string | undefined; ; ) {
    const filter = { ...optional('task', task), ...optional('after', after) };
    const page = await fanfold.artifacts(id, filter);
    items.push(...page.items);
    if (page.next === null) return items;
    after = page.next;
  }
}

function tell({ say, note, shell }: Context, items: readonly ArtifactView[]): void {
  if (items.length === 0) {
    note('its tasks have left no artifacts');
    return;
  }
  const rows = items.map(({ task, path, size, blob }) =>
    [task, path, String(size), blob.slice(0, 12)].map(harmless),
  );
  for (const line of table([['TASK', 'PATH', 'BYTES', 'SHA-256'], ...rows], shell.stdout.columns))
    say(line);
}

/** A file of the final name is whole, and what was left. */
async function fetchInto(
  fanfold: Fanfold,
  id: string,
  { task, path, blob, executable }: ArtifactView,
  out: string,
): Promise<void> {
  const root = resolve(out);
  const file = resolve(root, task, path);
  if (!file.startsWith(root + sep))
    throw new Problem('input-invalid', `artifact ${path} of ${task} would lie outside ${out}`);
  await mkdir(dirname(file), { recursive: true });
  const part = `${file}.part`;
  const digest = createHash('sha256');
  try {
    const content = await fanfold.artifact(id, task, path);
    await pipeline(
      await partsOf(content),
      async function* (parts: AsyncIterable<Uint8Array>) {
        for await (const one of parts) {
          digest.update(one);
          yield one;
        }
      },
      createWriteStream(part),
    );
    if (digest.digest('hex') !== blob)
      throw new Problem('data-damaged', `artifact ${path} of ${task} came damaged; fetch it again`);
    if (executable) await chmod(part, 0o755);
    await rename(part, file);
  } finally {
    await rm(part, { force: true });
  }
}

async function partsOf(content: Content): Promise<AsyncIterable<Uint8Array>> {
  if ('parts' in content) return content.parts;
  const response = await fetch(content.url);
  if (response.ok && response.body !== null) return response.body;
  throw new Problem('unavailable', `its address answered ${response.status}`);
}
