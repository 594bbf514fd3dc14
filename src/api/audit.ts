/** What is noted of requests, and what is told of it. */
import type { Audit } from '../access/audit.ts';
import { AuditParams } from '../contract/audit.ts';
import { Problem } from '../contract/problem.ts';
import { paged } from './inspection.ts';
import { given, NoParams } from './queries.ts';
import { type Call, json, type Route, route } from './route.ts';

const OBJECT_MAX = 300;

/** What changes nothing, though it is no GET. */
const reading: ReadonlySet<string> = new Set([
  'lintWorkflow',
  'planBackfill',
  'previewSchedule',
  'refreshTokens',
]);

export const isChange = ({ method, op, acts }: Route): boolean =>
  acts === true || (method !== 'GET' && !reading.has(op));

/** Who was not let in by a wrong name or password, or for want of a right. What was mistaken changed nothing. */
const isWorthNoting = (status: number, { right }: Route): boolean =>
  status < 400 || status === 403 || (status === 401 && right === 'anyone');

/** Who somebody says to be who signs in. */
function nameIn(body: unknown): string {
  const { name, userName, email } = (body ?? {}) as Readonly<Record<string, unknown>>;
  const said = name ?? userName ?? email;
  return typeof said === 'string' ? ` as ${JSON.stringify(said.slice(0, 128))}` : '';
}

/** Once it is known who calls; before the answer goes out, so that no answered change is missing. */
export async function noteChange(
  audit: Audit | undefined,
  row: Route,
  call: Pick<Call, 'caller' | 'from' | 'request' | 'body'>,
  status: number,
  made: string | null,
): Promise<void> {
  if (audit === undefined || !isChange(row) || !isWorthNoting(status, row)) return;
  const { pathname, search } = new URL(call.request.url);
  const tried = row.right === 'anyone' ? nameIn(call.body) : '';
  await audit.note({
    at: Date.now(),
    kind: call.caller.kind,
    caller: call.caller.name,
    from: call.from,
    operation: row.op,
    object: (made ?? `${pathname}${search}${tried}`).slice(0, OBJECT_MAX),
    status,
  });
}

function auditOf({ audit }: Pick<Call, 'audit'>): Audit {
  if (audit !== undefined) return audit;
  throw new Problem('route-unknown', 'this server keeps no audit');
}

export const auditRoutes: readonly Route[] = [
  route({
    op: 'listAudit',
    right: 'admin',
    method: 'GET',
    path: '/v1/audit',
    summary: 'Who changed what, and from where, newest first.',
    query: AuditParams,
    status: 200,
    answer: 'PageOfAuditEntry',
    handle: async (call) => paged(call as Call<never>, await auditOf(call).list(given(call.query))),
  }),
  route({
    op: 'verifyAudit',
    right: 'admin',
    method: 'GET',
    path: '/v1/audit/verify',
    summary: 'Reads the whole audit, and says where an entry was altered or is missing.',
    query: NoParams,
    status: 200,
    answer: 'AuditVerdict',
    handle: async (call) => json(await auditOf(call).verify()),
  }),
];
