import type { ComponentChildren } from 'preact';
import { to } from '../live/address.ts';
import { may } from '../live/caller.ts';
import { lastFailures } from '../live/failures.ts';
import { now } from '../live/now.ts';
import { type Overview, readOverview } from '../live/overview.ts';
import { usePolled } from '../live/polled.ts';
import { endedByHour, type Hour } from '../model/ended.ts';
import { ago, count, duration } from '../model/words.ts';
import { untilWords } from '../parts/schedule-words.ts';
import { State } from '../parts/state.tsx';

const LOOK_MS = 5_000;
const FAILURES_LOOK_MS = 30_000;
const FAILED_RUNS = 20;
const SHOWN = 6;
const HOURS = 24;
const dayMs = 86_400_000;

export function OverviewPage() {
  const { value, problem } = usePolled(readOverview, LOOK_MS, []);
  const read = value.value;
  return (
    <section class="page">
      <header class="bar">
        <h1>Overview</h1>
        <span class="dim">{read?.isPart ? 'the last 1,000 runs of ' : ''}the last 24 hours</span>
      </header>
      {problem.value !== undefined && <p class="problem">{problem.value}</p>}
      {read === undefined ? (
        problem.value === undefined && <p class="empty">Loading…</p>
      ) : (
        <>
          <Numbers read={read} />
          <Chart hours={endedByHour(read.runs, now.value, HOURS)} />
          <div class="columns">
            <Open read={read} />
            <Failing />
            <Coming read={read} />
          </div>
        </>
      )}
    </section>
  );
}

function Numbers({ read }: { read: Overview }) {
  const ended = read.runs.filter(({ endedAt }) => endedAt !== undefined);
  const good = ended.filter(({ state }) => state === 'succeeded').length;
  const failed = ended.filter(({ state }) => state === 'failed').length;
  const slots = read.runners.reduce((sum, one) => sum + one.slots, 0);
  const atWork = read.runners.reduce((sum, one) => sum + one.atWork, 0);
  const share = ended.length === 0 ? '–' : `${Math.floor((100 * good) / ended.length)} %`;
  return (
    <div class="numbers">
      <Big
        name="succeeded"
        value={share}
        href={to(['runs'], { span: '24 h', state: 'succeeded' })}
      />
      <Big name="failed" value={count(failed)} href={to(['failures'])} isBad={failed > 0} />
      <Big
        name="running now"
        value={count(read.open.length)}
        href={to(['runs'], { state: 'running' })}
      />
      <Big
        name="slots at work"
        value={`${count(atWork)} of ${count(slots)}`}
        href={to(['runners'])}
      />
    </div>
  );
}

interface BigProps {
  readonly name: string;
  readonly value: string;
  readonly href: string;
  readonly isBad?: boolean;
}

const Big = ({ name, value, href, isBad = false }: BigProps) => (
  <a class="card big" href={href}>
    <span class={isBad ? 'big-value bad' : 'big-value'}>{value}</span>
    <span class="dim">{name}</span>
  </a>
);

const height = 90;
const step = 20;
const outcomes = ['failed', 'cancelled', 'succeeded'] as const;
const total = (hour: Hour): number => hour.succeeded + hour.failed + hour.cancelled;
const hourWords = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

/** Runs that ended, hour by hour: those that failed at the bottom, where they are compared best. */
function Chart({ hours }: { hours: readonly Hour[] }) {
  const most = Math.max(...hours.map(total), 1);
  const ended = hours.reduce((sum, hour) => sum + total(hour), 0);
  const failed = hours.reduce((sum, hour) => sum + hour.failed, 0);
  return (
    <figure class="card chart">
      <figcaption class="bar">
        <b>Runs ended</b> <span class="dim">an hour, at most {count(most)}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${hours.length * step} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${count(ended)} runs ended, ${count(failed)} of them failed`}
      >
        {hours.map((hour, n) => (
          <Column key={hour.from} hour={hour} x={n * step} most={most} />
        ))}
      </svg>
      <div class="chart-axis dim">
        <span>{hourWords.format(hours[0]?.from)}</span>
        <span>{hourWords.format(hours[hours.length >> 1]?.from)}</span>
        <span>now</span>
      </div>
    </figure>
  );
}

function Column({ hour, x, most }: { hour: Hour; x: number; most: number }) {
  let y = height;
  return (
    <g>
      <title>
        {hourWords.format(hour.from)}: {hour.succeeded} succeeded, {hour.failed} failed,{' '}
        {hour.cancelled} cancelled
      </title>
      <rect x={x} y={0} width={step} height={height} fill="transparent" />
      {outcomes.map((outcome) => {
        const part = (hour[outcome] * (height - 2)) / most;
        y -= part;
        return (
          <rect
            key={outcome}
            class={`v-${outcome}`}
            x={x + 2}
            y={y}
            width={step - 4}
            height={part}
          />
        );
      })}
    </g>
  );
}

function Part(props: { title: string; all: string; children: ComponentChildren }) {
  return (
    <section class="card">
      <header class="bar">
        <h2>{props.title}</h2>
        <a class="push" href={props.all}>
          All<span class="unseen"> {props.title}</span>
        </a>
      </header>
      {props.children}
    </section>
  );
}

function Open({ read }: { read: Overview }) {
  const shown = read.open.length > 0 ? read.open : read.runs;
  return (
    <Part title={read.open.length > 0 ? 'Open runs' : 'Last runs'} all={to(['runs'])}>
      {shown.length === 0 && (
        <p class="empty">No runs yet. {may('author') && <a href={to(['start'])}>Start one</a>}</p>
      )}
      <ul class="rows">
        {shown.slice(0, SHOWN).map((run) => (
          <li key={run.id} class="bar">
            <a href={to(['runs', run.id])}>{run.workflow}</a>
            <State of={run.state} />
            <span class="dim push">
              {run.endedAt === undefined
                ? duration(now.value - run.createdAt)
                : ago(run.endedAt, now.value)}
            </span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Failing() {
  const { value } = usePolled(
    () => lastFailures(Date.now() - dayMs, FAILED_RUNS),
    FAILURES_LOOK_MS,
    [],
  );
  const groups = value.value?.groups ?? [];
  return (
    <Part title="Failures" all={to(['failures'])}>
      {groups.length === 0 && (
        <p class="empty">{value.value === undefined ? 'Loading…' : 'Nothing failed.'}</p>
      )}
      <ul class="rows">
        {groups.slice(0, SHOWN).map((group) => (
          <li key={`${group.reason}${group.signature}`} class="bar nowrap">
            <b class="bad">{count(group.failures.length)} ×</b>
            <span class="clip mono" title={group.signature}>
              {group.signature}
            </span>
            <span class="dim push">{ago(group.last, now.value)}</span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Coming({ read }: { read: Overview }) {
  const coming = read.schedules
    .filter(({ nextAt }) => nextAt !== undefined)
    .sort((a, b) => (a.nextAt ?? 0) - (b.nextAt ?? 0));
  return (
    <Part title="Next starts" all={to(['schedules'])}>
      {coming.length === 0 && <p class="empty">Nothing is scheduled.</p>}
      <ul class="rows">
        {coming.slice(0, SHOWN).map(({ name, nextAt }) => (
          <li key={name} class="bar">
            <a href={to(['schedules', name])}>{name}</a>
            <span class="dim push">{untilWords(nextAt)}</span>
          </li>
        ))}
      </ul>
    </Part>
  );
}
