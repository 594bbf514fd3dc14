import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ControlRequest, RunView } from '../../src/contract/api.ts';
import { isEnded } from '../../src/contract/state.ts';
import { address, setQuery, to } from '../live/address.ts';
import { may } from '../live/caller.ts';
import { now } from '../live/now.ts';
import { followRun, type LiveRun } from '../live/run.ts';
import { act, server } from '../live/server.ts';
import { endedOf, totalOf } from '../model/states.ts';
import { count, duration, instant } from '../model/words.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Value } from '../parts/json.tsx';
import { Logs } from '../parts/logs.tsx';
import { CountsBar, State } from '../parts/state.tsx';
import { Graph } from './run-graph.tsx';
import { Tasks } from './run-tasks.tsx';
import { TimelineView } from './run-timeline.tsx';
import { Failure, TaskPanel } from './task-panel.tsx';

const tabs = ['graph', 'timeline', 'tasks', 'logs', 'data'] as const;
type Tab = (typeof tabs)[number];

export function Run({ id, tab: asked }: { id: string; tab: string | undefined }) {
  const run = useMemo(() => followRun(id), [id]);
  useEffect(() => () => run.stop(), [run]);
  const view = run.view.value;
  const problem = run.problem.value;
  if (view === undefined)
    return (
      <section class="page">
        <h1>Run</h1>
        {problem === undefined ? <p class="empty">Loading…</p> : <p class="problem">{problem}</p>}
        <p>
          <a href={to(['runs'])}>All runs</a>
        </p>
      </section>
    );
  const tab: Tab = tabs.find((one) => one === asked) ?? 'graph';
  const { task } = address.value.query;
  return (
    <section class="page fill run">
      <Head run={run} view={view} />
      {problem !== undefined && <p class="problem">{problem}</p>}
      <nav class="tabs" aria-label="Views of the run">
        {tabs.map((one) => (
          <a
            key={one}
            href={to(['runs', id, one], { task })}
            aria-current={one === tab ? 'page' : undefined}
          >
            {one}
          </a>
        ))}
      </nav>
      <div class={`split${task === undefined ? '' : ' with-panel'}`}>
        <div class="main-part">
          {tab === 'graph' && <Graph run={run} />}
          {tab === 'timeline' && <TimelineView run={run} />}
          {tab === 'tasks' && <Tasks run={run} />}
          {tab === 'logs' && <Logs run={id} />}
          {tab === 'data' && <Data view={view} />}
        </div>
        {task !== undefined && <TaskPanel key={task} run={run} id={task} />}
      </div>
    </section>
  );
}

function Head({ run, view }: { run: LiveRun; view: RunView }) {
  const { counts } = view;
  const took = (view.endedAt ?? now.value) - view.createdAt;
  return (
    <header class="run-head">
      <div class="bar">
        <h1>
          <a href={to(['runs'], { workflow: view.workflow })}>{view.workflow}</a>
        </h1>
        <State of={view.state} />
        <span
          title={`${instant(view.createdAt)} – ${view.endedAt ? instant(view.endedAt) : 'now'}`}
        >
          {duration(took)}
        </span>
        <code class="dim">{view.id}</code>
        {view.generation > 1 && <span class="tag">rerun {view.generation}</span>}
        {view.archived && <span class="tag">archived</span>}
        {view.tags.map((tag) => (
          <span key={tag} class="tag">
            {tag}
          </span>
        ))}
        {may('operator') && <Actions run={run} view={view} />}
      </div>
      <div class="progress-line">
        <CountsBar counts={counts} label="Tasks" />
        <span class="dim">
          {count(endedOf(counts))} of {count(totalOf(counts))} tasks ended
          {counts.failed > 0 && (
            <>
              {', '}
              <a href={to(['runs', view.id, 'tasks'], { state: 'failed' })}>
                {count(counts.failed)} failed
              </a>
            </>
          )}
        </span>
      </div>
      {view.stuck !== undefined && <p class="problem">It is stuck: {view.stuck}</p>}
      {view.reason !== undefined && <p class="reason">{view.reason}</p>}
    </header>
  );
}

function Actions({ run, view }: { run: LiveRun; view: RunView }) {
  const [asks, setAsks] = useState(false);
  const control = async (request: ControlRequest, done: string) => {
    await act(() => server.control(run.id, request), done);
    await run.refresh();
  };
  const cancel = async (reason: string) => {
    setAsks(false);
    await control({ action: 'cancel', ...(reason !== '' && { reason }) }, 'Cancelled');
  };
  const mayRerun = isEnded(view.state) && view.state !== 'succeeded' && view.archived !== true;
  return (
    <span class="group push">
      {view.state === 'running' && (
        <button
          type="button"
          class="button"
          onClick={() => void control({ action: 'pause' }, 'Paused: what runs goes on to its end')}
        >
          Pause
        </button>
      )}
      {view.state === 'paused' && (
        <button
          type="button"
          class="button primary"
          onClick={() => void control({ action: 'resume' }, 'Resumed')}
        >
          Resume
        </button>
      )}
      {(view.state === 'running' || view.state === 'paused') && (
        <button type="button" class="button danger" onClick={() => setAsks(true)}>
          Cancel…
        </button>
      )}
      {mayRerun && (
        <button
          type="button"
          class="button primary"
          onClick={() => void control({ action: 'rerun' }, 'What did not succeed runs again')}
        >
          Rerun what did not succeed
        </button>
      )}
      {asks && (
        <CancelDialog
          workflow={view.workflow}
          onAnswer={(reason) => (reason === undefined ? setAsks(false) : void cancel(reason))}
        />
      )}
    </span>
  );
}

interface CancelProps {
  readonly workflow: string;
  /** Undefined: it is not cancelled. */
  readonly onAnswer: (reason: string | undefined) => void;
}

function CancelDialog({ workflow, onAnswer }: CancelProps) {
  const [reason, setReason] = useState('');
  return (
    <Dialog title={`Cancel this run of ${workflow}?`} onClose={() => onAnswer(undefined)}>
      <p>What runs is stopped, what waits is not begun. It can be run again later.</p>
      <label class="field">
        Reason (it is kept with the run)
        <input value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
      </label>
      <div class="bar end">
        <button type="button" class="button" onClick={() => onAnswer(undefined)}>
          Keep it running
        </button>
        <button type="button" class="button danger" onClick={() => onAnswer(reason)}>
          Cancel the run
        </button>
      </div>
    </Dialog>
  );
}

function Data({ view }: { view: RunView }) {
  const outputs = Object.entries(view.outputs);
  return (
    <div class="columns scroll">
      <section>
        <h2>Input</h2>
        <Value of={view.input} label="Input" />
      </section>
      <section>
        <h2>Outputs</h2>
        {outputs.length === 0 && (
          <p class="empty">
            {isEnded(view.state) ? 'It gave none.' : 'They are known when the run has ended.'}
          </p>
        )}
        {outputs.map(([task, output]) => (
          <div key={task}>
            <h3>
              <button type="button" class="link" onClick={() => setQuery({ task }, true)}>
                {task}
              </button>
            </h3>
            <Value of={output} label={`Output of ${task}`} />
          </div>
        ))}
      </section>
      {view.failures.length > 0 && (
        <section>
          <h2>First failures</h2>
          {view.failures.map(({ task, attempt, error }) => (
            <div key={task}>
              <h3>
                <button type="button" class="link" onClick={() => setQuery({ task }, true)}>
                  {task}
                </button>{' '}
                <span class="dim">attempt {attempt}</span>
              </h3>
              <Failure error={error} />
            </div>
          ))}
        </section>
      )}
    </div>
  );
}
