import type { ScheduleView } from '../../src/contract/schedule.ts';
import { to } from '../live/address.ts';
import { now } from '../live/now.ts';
import { usePolled } from '../live/polled.ts';
import { comingStarts, readSchedules, type Start, timingWords } from '../live/schedules.ts';
import { clock, count, instant } from '../model/words.ts';
import { type Column, List } from '../parts/list.tsx';
import { scheduleLooks, untilWords } from '../parts/schedule-words.ts';
import { State } from '../parts/state.tsx';
import { Schedule } from './schedule.tsx';

const LOOK_MS = 5_000;
const CALENDAR_LOOK_MS = 60_000;
const DAYS = 7;
const dayMs = 86_400_000;

const columns: readonly Column<ScheduleView>[] = [
  { title: 'Schedule', width: 'minmax(8rem, 2fr)', cell: ({ name }) => <b>{name}</b> },
  {
    title: 'State',
    width: '6rem',
    cell: ({ state }) => <State of={scheduleLooks[state]} word={state} />,
  },
  {
    title: 'Starts',
    width: 'minmax(8rem, 2fr)',
    isExtra: true,
    cell: ({ timing }) => <span class="mono">{timingWords(timing)}</span>,
  },
  {
    title: 'Next',
    width: '6.5rem',
    cell: ({ nextAt }) => (
      <span title={nextAt === undefined ? undefined : instant(nextAt)}>{untilWords(nextAt)}</span>
    ),
  },
  {
    title: 'Started',
    width: '5rem',
    isNumber: true,
    isExtra: true,
    cell: ({ started }) => count(started),
  },
  {
    title: 'Missed',
    width: '5rem',
    isNumber: true,
    isExtra: true,
    cell: ({ missed }) => count(missed),
  },
];

export function Schedules({ name }: { name: string | undefined }) {
  if (name !== undefined && name !== 'calendar') return <Schedule key={name} name={name} />;
  return (
    <section class="page fill">
      <header class="bar">
        <h1>Schedules</h1>
        <nav class="tabs" aria-label="Schedules as">
          <a href={to(['schedules'])} aria-current={name === undefined ? 'page' : undefined}>
            list
          </a>
          <a
            href={to(['schedules', 'calendar'])}
            aria-current={name === 'calendar' ? 'page' : undefined}
          >
            calendar
          </a>
        </nav>
      </header>
      {name === 'calendar' ? <Calendar /> : <All />}
    </section>
  );
}

function All() {
  const { value, problem } = usePolled(readSchedules, LOOK_MS, []);
  if (problem.value !== undefined) return <p class="problem">{problem.value}</p>;
  return (
    <List
      label="Schedules"
      columns={columns}
      rows={value.value ?? []}
      keyOf={({ name }) => name}
      hrefOf={({ name }) => to(['schedules', name])}
      empty={value.value === undefined ? <p>Loading…</p> : <None />}
    />
  );
}

const None = () => (
  <p>
    No schedules yet. Give a workflow a <code>schedule:</code> and{' '}
    <code>npx fanfold schedules create workflow.yaml</code>
  </p>
);

/** The next days, an hour a row: in the time of who looks. */
function Calendar() {
  const today = new Date(now.peek()).setHours(0, 0, 0, 0);
  const { value, problem } = usePolled(() => comingStarts(today + DAYS * dayMs), CALENDAR_LOOK_MS, [
    today,
  ]);
  if (problem.value !== undefined) return <p class="problem">{problem.value}</p>;
  if (value.value === undefined) return <p class="empty">Loading…</p>;
  if (value.value.length === 0) return <p class="empty">Nothing starts in the next {DAYS} days.</p>;
  const days = Array.from({ length: DAYS }, (_, n) => {
    const day = new Date(today);
    day.setDate(day.getDate() + n);
    return day;
  });
  const cells = cellsOf(value.value);
  const hours = [...new Set(value.value.map(({ at }) => new Date(at).getHours()))];
  return (
    <div class="scroll card" tabIndex={0} role="region" aria-label="Calendar">
      <table class="table calendar">
        <thead>
          <tr>
            <th scope="col">Hour</th>
            {days.map((day) => (
              <th key={day.getTime()} scope="col">
                {dayWords.format(day)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {hours
            .sort((a, b) => a - b)
            .map((hour) => (
              <tr key={hour}>
                <th scope="row">{String(hour).padStart(2, '0')}:00</th>
                {days.map((day) => (
                  <td key={day.getTime()}>
                    <Hour starts={cells.get(cellOf(day, hour)) ?? []} />
                  </td>
                ))}
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}

const dayWords = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
});

const cellOf = (day: Date, hour: number): string => `${day.toDateString()} ${hour}`;

function cellsOf(starts: readonly Start[]): ReadonlyMap<string, readonly Start[]> {
  const cells = new Map<string, Start[]>();
  for (const start of starts) {
    const at = new Date(start.at);
    const key = cellOf(at, at.getHours());
    cells.set(key, [...(cells.get(key) ?? []), start]);
  }
  return cells;
}

/** Each schedule once, with how often. */
function Hour({ starts }: { starts: readonly Start[] }) {
  const times = new Map<string, Start[]>();
  for (const start of starts)
    times.set(start.schedule, [...(times.get(start.schedule) ?? []), start]);
  return (
    <>
      {[...times].map(([name, all]) => (
        <a
          key={name}
          class="tag"
          href={to(['schedules', name])}
          title={all
            .map(({ at }) => clock(at))
            .slice(0, 12)
            .join(', ')}
        >
          {name} {all.length > 1 ? `×${all.length}` : clock(all[0]?.at ?? 0)}
        </a>
      ))}
    </>
  );
}
