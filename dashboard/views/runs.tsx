import { useSignalEffect } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { RunSummary } from '../../src/contract/api.ts';
import { type RunState, runStates } from '../../src/contract/state.ts';
import { address, setQuery, to } from '../live/address.ts';
import { may } from '../live/caller.ts';
import { now } from '../live/now.ts';
import { pagesOf } from '../live/pages.ts';
import { server } from '../live/server.ts';
import { ago, count, duration, instant, shortId } from '../model/words.ts';
import { Chips, Search } from '../parts/field.tsx';
import { type Column, List } from '../parts/list.tsx';
import { State } from '../parts/state.tsx';

const LOOK_MS = 3_000;

const spans = { '1 h': 3_600_000, '24 h': 86_400_000, '7 d': 7 * 86_400_000 } as const;
type Span = keyof typeof spans;
const spanNames = Object.keys(spans) as Span[];

const lasted = ({ createdAt, endedAt }: RunSummary): string =>
  duration((endedAt ?? now.value) - createdAt);

const columns: readonly Column<RunSummary>[] = [
  {
    title: 'Run',
    width: 'minmax(8rem, 2fr)',
    cell: ({ workflow, id }) => (
      <>
        <b>{workflow}</b> <span class="dim mono">{shortId(id)}</span>
      </>
    ),
  },
  { title: 'State', width: '7rem', cell: ({ state }) => <State of={state} /> },
  {
    title: 'Created',
    width: '8rem',
    isExtra: true,
    cell: ({ createdAt }) => <time title={instant(createdAt)}>{ago(createdAt, now.value)}</time>,
  },
  { title: 'Took', width: '5rem', isNumber: true, cell: (run) => lasted(run) },
  {
    title: 'Tasks',
    width: '5.5rem',
    isNumber: true,
    isExtra: true,
    cell: ({ tasks }) => count(tasks),
  },
  {
    title: 'Tags, reason',
    width: 'minmax(8rem, 2fr)',
    isExtra: true,
    cell: ({ tags, reason, generation }) => (
      <span class="clip">
        {generation > 1 && <span class="tag">rerun {generation}</span>}
        {tags.map((tag) => (
          <span key={tag} class="tag">
            {tag}
          </span>
        ))}
        {reason !== undefined && <span class="dim">{reason}</span>}
      </span>
    ),
  },
];

export function Runs() {
  const { query } = address.value;
  const { state = '', text = '', workflow = '', span = '' } = query;
  const pages = useMemo(
    () =>
      pagesOf<RunSummary>((after, limit) => {
        const length = spans[span as Span];
        return server.runs({
          limit,
          ...(after !== undefined && { after }),
          ...(state !== '' && { state: state as RunState }),
          ...(text !== '' && { text }),
          ...(workflow !== '' && { workflow }),
          ...(length !== undefined && { since: Date.now() - length }),
        });
      }),
    [state, text, workflow, span],
  );
  useEffect(() => {
    void pages.more();
    const timer = setInterval(() => {
      if (!document.hidden) void pages.renew();
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [pages]);
  useSignalEffect(() => void now.value);
  const items = pages.items.value;
  const isFiltered = [state, text, workflow, span].some((one) => one !== '');
  return (
    <section class="page fill">
      <header class="bar">
        <h1>Runs</h1>
        <Search
          label="Search workflow, tag or id"
          value={text}
          onChange={(typed) => setQuery({ text: typed })}
        />
        <Chips<RunState>
          label="State"
          options={runStates}
          chosen={state as RunState | ''}
          onChoose={(one) => setQuery({ state: one }, true)}
        >
          {(one) => <State of={one} />}
        </Chips>
        <Chips<Span>
          label="Created within"
          options={spanNames}
          chosen={span as Span | ''}
          onChoose={(one) => setQuery({ span: one }, true)}
        >
          {(one) => one}
        </Chips>
        {workflow !== '' && (
          <button type="button" class="chip" onClick={() => setQuery({ workflow: '' }, true)}>
            workflow {workflow} <span aria-hidden="true">×</span>
            <span class="unseen">(remove this filter)</span>
          </button>
        )}
        {workflow !== '' && (
          <a class="chip" href={to(['workflows', workflow])}>
            grid of its tasks
          </a>
        )}
        {may('author') && (
          <a class="button primary push" href={to(['start'])}>
            Start a run
          </a>
        )}
      </header>
      {pages.problem.value !== undefined && <p class="problem">{pages.problem.value}</p>}
      <List
        label="Runs"
        columns={columns}
        rows={items}
        keyOf={({ id }) => id}
        hrefOf={({ id }) => to(['runs', id])}
        onEnd={() => void pages.more()}
        empty={<Nothing isDone={pages.isDone.value} isFiltered={isFiltered} />}
      />
    </section>
  );
}

function Nothing({ isDone, isFiltered }: { isDone: boolean; isFiltered: boolean }) {
  if (!isDone) return <p>Loading…</p>;
  if (isFiltered)
    return (
      <p>
        No run is like that. <a href={to(['runs'])}>Show all runs</a>
      </p>
    );
  return (
    <p>
      No runs yet. {may('author') && <a href={to(['start'])}>Start one here</a>}
      {may('author') && ', or from a terminal: '}
      <code>npx fanfold submit workflow.yaml</code>
    </p>
  );
}
