import { useEffect, useState } from 'preact/hooks';
import type { AttemptView, TaskView } from '../../src/contract/api.ts';
import type { AttemptError } from '../../src/contract/execution.ts';
import { isEnded } from '../../src/contract/state.ts';
import { address, setQuery, to } from '../live/address.ts';
import { may } from '../live/caller.ts';
import { now } from '../live/now.ts';
import type { LiveRun } from '../live/run.ts';
import { act, messageOf, server } from '../live/server.ts';
import { totalOf } from '../model/states.ts';
import { ago, clock, count, duration, instant } from '../model/words.ts';
import { Value } from '../parts/json.tsx';
import { Logs } from '../parts/logs.tsx';
import { CountsBar, State } from '../parts/state.tsx';

/** The task that the address names, beside whatever shows the run. */
export function TaskPanel({ run, id }: { run: LiveRun; id: string }) {
  const [view, setView] = useState<TaskView | undefined>(undefined);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const looked = run.states.value;
  useEffect(() => {
    let isCurrent = true;
    server.task(run.id, id).then(
      (found) => {
        if (!isCurrent) return;
        setView(found);
        setProblem(undefined);
      },
      (error: unknown) => {
        if (isCurrent) setProblem(messageOf(error));
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [run, id, looked]);
  const shown = view?.id === id ? view : undefined;
  return (
    <aside class="panel" aria-label={`Task ${id}`}>
      <header class="bar">
        <h2 class="clip" title={id}>
          {id}
        </h2>
        <button
          type="button"
          class="icon push"
          aria-label="Close"
          onClick={() => setQuery({ task: '', part: '' })}
        >
          ×
        </button>
      </header>
      {problem !== undefined && <p class="problem">{problem}</p>}
      {shown === undefined ? (
        problem === undefined && <p class="empty">Loading…</p>
      ) : (
        <Shown run={run} view={shown} />
      )}
    </aside>
  );
}

const parts = ['about', 'input', 'output', 'logs'] as const;

function Shown({ run, view }: { run: LiveRun; view: TaskView }) {
  const chosen = parts.find((part) => part === address.value.query.part) ?? 'about';
  return (
    <>
      <div class="bar">
        <State of={view.state} />
        {view.startedAt !== undefined && (
          <span class="dim" title={instant(view.startedAt)}>
            {duration((view.endedAt ?? now.value) - view.startedAt)}
          </span>
        )}
        <span class="dim">attempt {view.attempt}</span>
        {may('operator') && <Rerun run={run} task={view.id} />}
      </div>
      <nav class="tabs" aria-label="Parts of the task">
        {parts.map((part) => (
          <a
            key={part}
            href={to(address.value.path, { ...address.value.query, part })}
            aria-current={part === chosen ? 'page' : undefined}
          >
            {part}
          </a>
        ))}
      </nav>
      <div class="panel-body">
        {chosen === 'about' && <About run={run} view={view} />}
        {chosen === 'input' && <Input view={view} />}
        {chosen === 'output' && <Output view={view} />}
        {chosen === 'logs' && <Logs run={run.id} task={view.id} />}
      </div>
    </>
  );
}

function Rerun({ run, task }: { run: LiveRun; task: string }) {
  const view = run.view.value;
  if (view === undefined || !isEnded(view.state) || view.archived === true) return null;
  const rerun = () => server.control(run.id, { action: 'rerun', tasks: [task] });
  return (
    <button
      type="button"
      class="button push"
      onClick={() => void act(rerun, `${task} runs again`).then(() => run.refresh())}
    >
      Rerun from here
    </button>
  );
}

function About({ run, view }: { run: LiveRun; view: TaskView }) {
  const link = (task: string) => to(address.value.path, { ...address.value.query, task });
  return (
    <>
      {view.error !== undefined && <Failure error={view.error} />}
      <Facts view={view} />
      {view.subTasks !== undefined && (
        <section>
          <h3>{count(totalOf(view.subTasks.counts))} sub-tasks</h3>
          <CountsBar counts={view.subTasks.counts} label="Sub-tasks" />
          <p>
            <a href={to(['runs', run.id, 'tasks'], { text: view.id })}>List them</a>
          </p>
        </section>
      )}
      {view.parent !== undefined && (
        <p>
          Sub-task of <a href={link(view.parent)}>{view.parent}</a>
        </p>
      )}
      {view.needs.length > 0 && (
        <section>
          <h3>Needs</h3>
          <p class="links">
            {view.needs.slice(0, 100).map((need) => (
              <a key={need} href={link(need)}>
                {need}
              </a>
            ))}
            {view.needs.length > 100 && <span>and {count(view.needs.length - 100)} more</span>}
          </p>
        </section>
      )}
      <Attempts attempts={view.attempts ?? []} />
    </>
  );
}

function Facts({ view }: { view: TaskView }) {
  const since = view.stepAt === undefined ? '' : `, since ${ago(view.stepAt, now.value)}`;
  return (
    <dl class="facts">
      {view.startedAt !== undefined && <Fact name="Started" value={instant(view.startedAt)} />}
      {view.readyAt !== undefined && (
        <Fact name="Tried again" value={`in ${duration(view.readyAt - now.value)}`} />
      )}
      {view.step !== undefined && <Fact name="At" value={`${view.step}${since}`} />}
      {view.progress !== undefined && (
        <Fact name="Progress" value={`${Math.round(view.progress * 100)} %`} />
      )}
      {view.cpuSeconds !== undefined && (
        <Fact name="Processor" value={`${view.cpuSeconds.toFixed(2)} s`} />
      )}
      {view.memoryMb !== undefined && (
        <Fact name="Memory" value={`${Math.round(view.memoryMb)} MB`} />
      )}
      {view.placed !== undefined && <Fact name="Pool" value={view.placed} />}
    </dl>
  );
}

const Fact = ({ name, value }: { name: string; value: string }) => (
  <>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </>
);

export function Failure({ error }: { error: AttemptError }) {
  const { reason, name, message, exitCode, signal, stack } = error;
  const how = [
    name,
    exitCode !== undefined && `exit code ${exitCode}`,
    signal !== undefined && `signal ${signal}`,
  ].filter(Boolean);
  return (
    <div class="failure">
      <p>
        <b>{reason}</b> {how.length > 0 && <span class="dim">{how.join(', ')}</span>}
      </p>
      <p class="message">{message}</p>
      {stack !== undefined && (
        <details>
          <summary>Stack</summary>
          <Value of={stack} label="Stack" />
        </details>
      )}
    </div>
  );
}

function Attempts({ attempts }: { attempts: readonly AttemptView[] }) {
  if (attempts.length === 0) return null;
  return (
    <section>
      <h3>Attempts</h3>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">No.</th>
            <th scope="col">Outcome</th>
            <th scope="col">Began</th>
            <th scope="col" class="number">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {attempts.map((one) => (
            <tr key={`${one.attempt}/${one.endedAt}/${one.outcome}`}>
              <td>{one.attempt}</td>
              <td>
                <State of={one.outcome === 'lost' ? 'failed' : one.outcome} />{' '}
                {one.refused !== undefined && <span class="dim">{one.refused}</span>}
                {one.error !== undefined && <div class="dim message">{one.error.message}</div>}
              </td>
              <td>{clock(one.startedAt)}</td>
              <td class="number">{duration(one.endedAt - one.startedAt)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Input({ view }: { view: TaskView }) {
  if (view.inputBlob !== undefined)
    return <p class="empty">Its input has {count(view.inputBlob.size)} bytes: too many to show.</p>;
  if (view.input === undefined) return <p class="empty">Its input is not known yet.</p>;
  return <Value of={view.input} label="Input" />;
}

function Output({ view }: { view: TaskView }) {
  if (view.output !== undefined) return <Value of={view.output} label="Output" />;
  return <p class="empty">{isOver(view) ? 'It gave no output.' : 'It has not ended yet.'}</p>;
}

const isOver = ({ state }: TaskView): boolean =>
  ['succeeded', 'failed', 'cancelled', 'skipped'].includes(state);
