import type { PageOf, RunSummary } from '../contract/api.ts';
import type { BackfillPlan, Backfills, BackfillView } from '../contract/backfill.ts';
import type { Schedules, ScheduleView } from '../contract/schedule.ts';
import type { HttpCall } from './http.ts';

type Send = (call: HttpCall) => Promise<unknown>;

/** `key`: a new name for each call that does something once. */
export function schedulesOver(
  send: Send,
  query: (filter: object) => string,
  key: () => string,
): Schedules {
  const pathOf = (name: string): string => `/v1/schedules/${encodeURIComponent(name)}`;
  const get = (path: string) => send({ method: 'GET', path, repeatable: true });
  const act = (name: string, action: string, id?: string) =>
    send({
      method: 'POST',
      path: `${pathOf(name)}/${action}`,
      repeatable: true,
      ...(id !== undefined && { key: id }),
    });
  const backfillsOf = (name: string): string => `${pathOf(name)}/backfills`;
  const ask = (path: string, body?: object, id?: string) =>
    send({
      method: 'POST',
      path,
      repeatable: true,
      ...(body !== undefined && { body }),
      ...(id !== undefined && { key: id }),
    });
  const backfills: Backfills = {
    plan: async (name, body) => (await ask(`${backfillsOf(name)}:plan`, body)) as BackfillPlan,
    begin: async (name, body, id = key()) =>
      (await ask(backfillsOf(name), body, id)) as BackfillView,
    list: async (name) => (await get(backfillsOf(name))) as PageOf<BackfillView>,
    show: async (name, id) => (await get(`${backfillsOf(name)}/${id}`)) as BackfillView,
    pause: async (name, id) => (await ask(`${backfillsOf(name)}/${id}/pause`)) as BackfillView,
    resume: async (name, id) => (await ask(`${backfillsOf(name)}/${id}/resume`)) as BackfillView,
    async remove(name, id) {
      await send({ method: 'DELETE', path: `${backfillsOf(name)}/${id}`, repeatable: true });
    },
  };
  return {
    backfills,
    list: async (filter) => (await get(`/v1/schedules${query(filter)}`)) as PageOf<ScheduleView>,
    show: async (name) => (await get(pathOf(name))) as ScheduleView,
    async put(name, body, isNew = false) {
      // Made again after a lost answer, a new one would be refused for being there.
      const headers: Record<string, string> = isNew ? { 'if-none-match': '*' } : {};
      const call = { method: 'PUT', path: pathOf(name), body, repeatable: !isNew } as const;
      return (await send({ ...call, headers })) as ScheduleView;
    },
    pause: async (name) => (await act(name, 'pause')) as ScheduleView,
    resume: async (name) => (await act(name, 'resume')) as ScheduleView,
    run: async (name, id = key()) => (await act(name, 'run', id)) as RunSummary,
    async remove(name) {
      await send({ method: 'DELETE', path: pathOf(name), repeatable: true });
    },
    async next(name, n) {
      const { starts } = (await get(`${pathOf(name)}/next${query({ n })}`)) as { starts: number[] };
      return starts;
    },
  };
}
