import { useEffect, useMemo } from 'preact/hooks';
import type { TaskView } from '../../src/contract/api.ts';
import type { TaskState } from '../../src/contract/state.ts';
import { address, setQuery, to } from '../live/address.ts';
import { now } from '../live/now.ts';
import { pagesOf } from '../live/pages.ts';
import type { LiveRun } from '../live/run.ts';
import { server } from '../live/server.ts';
import { shownStates } from '../model/states.ts';
import { count, duration } from '../model/words.ts';
import { Chips, Search } from '../parts/field.tsx';
import { type Column, List } from '../parts/list.tsx';
import { State } from '../parts/state.tsx';

const took = ({ startedAt, endedAt }: TaskView): string =>
  startedAt === undefined ? '' : duration((endedAt ?? now.value) - startedAt);

const columns: readonly Column<TaskView>[] = [
  { title: 'Task', width: 'minmax(7rem, 2fr)', cell: ({ id }) => <b>{id}</b> },
  { title: 'State', width: '9.5rem', cell: ({ state }) => <State of={state} /> },
  { title: 'Took', width: '4.5rem', isNumber: true, cell: took },
  {
    title: 'Attempt',
    width: '5rem',
    isNumber: true,
    isExtra: true,
    cell: ({ attempt }) => (attempt > 1 ? attempt : <span class="dim">{attempt}</span>),
  },
  {
    title: 'Memory',
    width: '6rem',
    isNumber: true,
    isExtra: true,
    cell: ({ memoryMb }) => (memoryMb === undefined ? '' : `${Math.round(memoryMb)} MB`),
  },
  {
    title: 'What it says',
    width: 'minmax(8rem, 3fr)',
    isExtra: true,
    cell: ({ error, step, progress, placed }) => (
      <span class="clip">
        {error !== undefined && <span class="bad">{error.message}</span>}
        {step} {progress !== undefined && `${Math.round(progress * 100)} %`} {placed}
      </span>
    ),
  },
];

export function Tasks({ run }: { run: LiveRun }) {
  const { query } = address.value;
  const { state = '', text = '', task } = query;
  const pages = useMemo(
    () =>
      pagesOf<TaskView>((after, limit) =>
        server.tasks(run.id, {
          limit,
          ...(after !== undefined && { after }),
          ...(state !== '' && { state: state as TaskState }),
          ...(text !== '' && { text }),
        }),
      ),
    [run, state, text],
  );
  const looked = run.states.value;
  useEffect(() => void pages.renew(), [pages, looked]);
  const counts = run.view.value?.counts;
  return (
    <div class="fill">
      <div class="bar">
        <Search label="Search tasks" value={text} onChange={(typed) => setQuery({ text: typed })} />
        <Chips<TaskState>
          label="State"
          options={shownStates.filter((one) => one === state || (counts?.[one] ?? 0) > 0)}
          chosen={state as TaskState | ''}
          onChoose={(one) => setQuery({ state: one }, true)}
        >
          {(one) => (
            <>
              <State of={one} /> {count(counts?.[one] ?? 0)}
            </>
          )}
        </Chips>
      </div>
      {pages.problem.value !== undefined && <p class="problem">{pages.problem.value}</p>}
      <List
        label="Tasks"
        columns={columns}
        rows={pages.items.value}
        keyOf={({ id }) => id}
        hrefOf={({ id }) => to(['runs', run.id, 'tasks'], { ...query, task: id })}
        selected={task}
        onEnd={() => void pages.more()}
        empty={<p>{pages.isDone.value ? 'No task is like that.' : 'Loading…'}</p>}
      />
    </div>
  );
}
