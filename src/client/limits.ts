import type { PageOf } from '../contract/api.ts';
import type { Limits, LimitView, SharedLimitView } from '../contract/limits-api.ts';
import type { HttpCall } from './http.ts';

type Send = (call: HttpCall) => Promise<unknown>;

export function limitsOver(send: Send, query: (filter: object) => string): Limits {
  const pathOf = (name: string): string => `/v1/limits/${encodeURIComponent(name)}`;
  const get = (path: string) => send({ method: 'GET', path, repeatable: true });
  return {
    list: async (filter) => (await get(`/v1/limits${query(filter)}`)) as PageOf<LimitView>,
    shared: async () => ((await get('/v1/limits:shared')) as PageOf<SharedLimitView>).items,
    one: async (name) => (await get(pathOf(name))) as SharedLimitView,
    async set(name, body) {
      const call = { method: 'PUT', path: pathOf(name), body, repeatable: true } as const;
      return (await send(call)) as SharedLimitView;
    },
    async remove(name) {
      await send({ method: 'DELETE', path: pathOf(name), repeatable: true });
    },
  };
}
