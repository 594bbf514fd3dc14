import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { wordOf } from '../../src/api/named-task.ts';
import { routes } from '../../src/api/routes.ts';
import { taskWords } from '../../src/contract/named-task.ts';
import { runStates } from '../../src/contract/state.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/task-api.md'), 'utf8');

test('the published table maps every state to its word', () => {
  const rows = [...text.matchAll(/^\| ([^|]+) \| `(\w+)` \|$/gm)];
  const table = rows.flatMap(([, states = '', word]) =>
    [...states.matchAll(/`(\w+)`/g)].map(([, state]) => [state, word]),
  );
  expect(Object.fromEntries(table)).toEqual(
    Object.fromEntries(runStates.map((state) => [state, wordOf(state)])),
  );
  expect(
    rows
      .map(([, , word]) => word)
      .filter((word) => word !== 'status')
      .sort(),
  ).toEqual([...taskWords].sort());
});

test('the published calls are the routes', () => {
  const said = [...text.matchAll(/^\| `([A-Z]+)`?(?:, `([A-Z]+))? (\/api\S+)` \|/gm)].flatMap(
    ([, one, two, path]) => [one, two].filter(Boolean).map((method) => `${method} ${path}`),
  );
  const single = [...text.matchAll(/^\| `([A-Z]+) (\/api\S+)` \|/gm)].map(
    ([, method, path]) => `${method} ${path}`,
  );
  const there = routes
    .filter(({ path }) => path.startsWith('/api/'))
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/, '{$1}')}`);
  expect([...new Set([...said, ...single])].sort()).toEqual(there.sort());
});
