import type { PageOf } from '../../src/contract/api.ts';
import type { AuditEntry, AuditVerdict } from '../../src/contract/audit.ts';

async function get<T>(path: string): Promise<T> {
  const answer = await fetch(path);
  const body = (await answer.json()) as T & { readonly detail?: string };
  if (answer.ok) return body;
  throw new Error(body.detail ?? `the server answered ${answer.status}`);
}

export function readAudit(after: string | undefined, limit: number): Promise<PageOf<AuditEntry>> {
  const params = new URLSearchParams({
    limit: String(limit),
    ...(after !== undefined && { after }),
  });
  return get(`/v1/audit?${params}`);
}

export const verifyAudit = (): Promise<AuditVerdict> => get('/v1/audit/verify');
