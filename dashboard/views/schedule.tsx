import { useState } from 'preact/hooks';
import type { ScheduleView } from '../../src/contract/schedule.ts';
import { go, to } from '../live/address.ts';
import { may } from '../live/caller.ts';
import { usePolled } from '../live/polled.ts';
import { timingWords } from '../live/schedules.ts';
import { act, server } from '../live/server.ts';
import { count, instant } from '../model/words.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Value } from '../parts/json.tsx';
import { scheduleLooks, untilWords } from '../parts/schedule-words.ts';
import { State } from '../parts/state.tsx';

const LOOK_MS = 5_000;
const STARTS = 20;

export function Schedule({ name }: { name: string }) {
  const { value, problem, renew } = usePolled(
    async () => {
      const [view, starts] = await Promise.all([
        server.schedules.show(name),
        server.schedules.next(name, STARTS),
      ]);
      return { view, starts };
    },
    LOOK_MS,
    [name],
  );
  const read = value.value;
  return (
    <section class="page">
      <header class="bar">
        <h1>{name}</h1>
        {read !== undefined && (
          <>
            <State of={scheduleLooks[read.view.state]} word={read.view.state} />
            <Actions view={read.view} renew={renew} />
          </>
        )}
      </header>
      {problem.value !== undefined && <p class="problem">{problem.value}</p>}
      {read === undefined ? (
        problem.value === undefined && <p class="empty">Loading…</p>
      ) : (
        <div class="columns">
          <About view={read.view} />
          <section>
            <h2>Next starts</h2>
            {read.starts.length === 0 && <p class="empty">None is due.</p>}
            <ol class="starts">
              {read.starts.map((at) => (
                <li key={at}>
                  {instant(at)} <span class="dim">{untilWords(at)}</span>
                </li>
              ))}
            </ol>
          </section>
        </div>
      )}
    </section>
  );
}

function About({ view }: { view: ScheduleView }) {
  return (
    <section>
      <h2>About</h2>
      {view.reason !== undefined && <p class="problem">{view.reason}</p>}
      <dl class="facts">
        <dt>Starts</dt>
        <dd>{timingWords(view.timing)}</dd>
        <dt>Workflow</dt>
        <dd>
          <a href={to(['runs'], { workflow: view.workflow })}>{view.workflow}</a>
        </dd>
        <dt>When one is still open</dt>
        <dd>{view.overlap}</dd>
        <dt>What was missed</dt>
        <dd>{view.catchUp.policy}</dd>
        <dt>Last run</dt>
        <dd>
          {view.lastRun === undefined ? (
            'none yet'
          ) : (
            <a href={to(['runs', view.lastRun])}>{view.lastRun}</a>
          )}
        </dd>
        <dt>Started, missed, skipped</dt>
        <dd>
          {count(view.started)}, {count(view.missed)}, {count(view.skipped)}
        </dd>
      </dl>
      <h3>Input</h3>
      <Value of={view.input} label="Input" />
    </section>
  );
}

function Actions({ view, renew }: { view: ScheduleView; renew: () => Promise<void> }) {
  const [asks, setAsks] = useState(false);
  const { name, state } = view;
  const does = (work: () => Promise<unknown>, done: string) => act(work, done).then(renew);
  const remove = async () => {
    setAsks(false);
    if (await act(() => server.schedules.remove(name), `${name} is removed`)) go(['schedules']);
  };
  return (
    <span class="group push">
      {may('operator') && state === 'active' && (
        <button
          type="button"
          class="button"
          onClick={() => void does(() => server.schedules.pause(name), 'Paused')}
        >
          Pause
        </button>
      )}
      {may('operator') && (state === 'paused' || state === 'stopped') && (
        <button
          type="button"
          class="button primary"
          onClick={() => void does(() => server.schedules.resume(name), 'Resumed')}
        >
          Resume
        </button>
      )}
      {may('operator') && (
        <button
          type="button"
          class="button"
          onClick={() => void does(() => server.schedules.run(name), 'A run was started')}
        >
          Run now
        </button>
      )}
      {may('author') && (
        <button type="button" class="button danger" onClick={() => setAsks(true)}>
          Remove…
        </button>
      )}
      {asks && (
        <Dialog title={`Remove the schedule ${name}?`} onClose={() => setAsks(false)}>
          <p>It starts nothing more. Its runs go on, and stay.</p>
          <div class="bar end">
            <button type="button" class="button" onClick={() => setAsks(false)}>
              Keep it
            </button>
            <button type="button" class="button danger" onClick={() => void remove()}>
              Remove it
            </button>
          </div>
        </Dialog>
      )}
    </span>
  );
}
