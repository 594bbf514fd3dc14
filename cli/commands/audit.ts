/** Reading the audit. */
import type { PageOf } from '../../src/contract/api.ts';
import type { AuditEntry, AuditVerdict } from '../../src/contract/audit.ts';
import { type Act, number } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { harmless } from '../render/text.ts';
import { withServer } from '../servers.ts';
import type { Remote } from '../shell.ts';

const LIMIT_USUAL = 50;
const PAGE = 1000;

async function* entries(server: Remote, most: number): AsyncGenerator<AuditEntry> {
  let left = most;
  for (let after: string | null = ''; after !== null && left > 0; ) {
    const from: string = after === '' ? '' : `&after=${after}`;
    const path = `/v1/audit?limit=${Math.min(PAGE, left)}${from}`;
    const page = (await server.call({
      method: 'GET',
      path,
      repeatable: true,
    })) as PageOf<AuditEntry>;
    yield* page.items;
    left -= page.items.length;
    after = page.next;
  }
}

const lineOf = ({ at, kind, caller, from, operation, object, status }: AuditEntry): string =>
  [new Date(at).toISOString(), status, `${kind} ${caller}`, from || '-', operation, object]
    .map((word) => harmless(String(word)))
    .join('  ');

export const list: Act = (context, _args, options) =>
  withServer(context, async (server) => {
    const items: AuditEntry[] = [];
    for await (const entry of entries(server, number(options.limit) ?? LIMIT_USUAL)) {
      items.push(entry);
      context.say(lineOf(entry));
    }
    context.sayJson({ items });
  });

/** Lines of JSON with `--json` and without. */
export const exportAll: Act = (context) =>
  withServer(context, async (server) => {
    for await (const entry of entries(server, Number.POSITIVE_INFINITY))
      context.shell.stdout.write(`${JSON.stringify(entry)}\n`);
  });

function tell(context: Context, { entries: count, heads, wrong }: AuditVerdict): void {
  for (const { lane, number: at, reason } of wrong)
    context.say(`entry ${at} of lane ${lane} is ${reason}`);
  if (wrong.length === 0) context.say(`${count} entries, each as it was written`);
  for (const { lane, number: at, hash } of heads) context.say(`lane ${lane} ends at ${at} ${hash}`);
}

export const verify: Act = async (context) => {
  let isWhole = false;
  await withServer(context, async (server) => {
    const call = { method: 'GET', path: '/v1/audit/verify', repeatable: true } as const;
    const verdict = (await server.call(call)) as AuditVerdict;
    context.sayJson(verdict);
    tell(context, verdict);
    isWhole = verdict.wrong.length === 0;
  });
  return isWhole ? exitCodes.succeeded : exitCodes.failed;
};
