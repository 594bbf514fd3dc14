import type { PageOf, RunSummary } from '../contract/api.ts';
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
  return {
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
