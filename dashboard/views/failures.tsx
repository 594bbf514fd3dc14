import { address, setQuery, to } from '../live/address.ts';
import { may } from '../live/caller.ts';
import { lastFailures } from '../live/failures.ts';
import { now } from '../live/now.ts';
import { usePolled } from '../live/polled.ts';
import { act, server } from '../live/server.ts';
import type { FailureGroup } from '../model/signature.ts';
import { ago, count, instant, plural } from '../model/words.ts';
import { Chips } from '../parts/field.tsx';

const LOOK_MS = 15_000;
export const FAILED_RUNS_MAX = 100;
const SHOWN_MAX = 10;

const spans = { '1 h': 3_600_000, '24 h': 86_400_000, '7 d': 7 * 86_400_000 } as const;
type Span = keyof typeof spans;

export function Failures() {
  const span = (address.value.query.span ?? '24 h') as Span;
  const { value, problem } = usePolled(
    () => lastFailures(Date.now() - (spans[span] ?? spans['24 h']), FAILED_RUNS_MAX),
    LOOK_MS,
    [span],
  );
  const found = value.value;
  return (
    <section class="page">
      <header class="bar">
        <h1>Failures</h1>
        <Chips<Span>
          label="Within"
          options={Object.keys(spans) as Span[]}
          chosen={span}
          onChoose={(one) => setQuery({ span: one }, true)}
        >
          {(one) => one}
        </Chips>
        {found !== undefined && (
          <span class="dim">
            {found.isPart ? 'the last ' : ''}
            {plural(found.runs, 'failed run')} in {plural(found.groups.length, 'group')}
          </span>
        )}
      </header>
      {problem.value !== undefined && <p class="problem">{problem.value}</p>}
      {found === undefined && problem.value === undefined && <p class="empty">Loading…</p>}
      {found?.groups.length === 0 && <p class="empty">No run failed in that time.</p>}
      {found?.groups.map((group) => (
        <Group key={`${group.reason}${group.name}${group.signature}`} group={group} />
      ))}
    </section>
  );
}

function Group({ group }: { group: FailureGroup }) {
  const { signature, reason, name, failures, first, last } = group;
  const runs = [...new Map(failures.map((one) => [one.run, one])).values()];
  const workflows = [...new Set(failures.map(({ workflow }) => workflow))];
  return (
    <article class="group-card">
      <header class="bar">
        <b class="bad">{count(failures.length)} ×</b>
        <span class="mono message">{signature}</span>
        {may('operator') && <RerunAll ids={runs.map(({ run }) => run)} />}
      </header>
      <p class="dim">
        {reason}
        {name !== undefined && ` ${name}`} in {workflows.slice(0, 5).join(', ')}, last{' '}
        <time title={instant(last)}>{ago(last, now.value)}</time>, first{' '}
        <time title={instant(first)}>{ago(first, now.value)}</time>
      </p>
      <p class="links">
        {runs.slice(0, SHOWN_MAX).map(({ run, workflow, task }) => (
          <a key={run} href={to(['runs', run, 'tasks'], { task })}>
            {workflow} {task}
          </a>
        ))}
        {runs.length > SHOWN_MAX && (
          <span class="dim">and {count(runs.length - SHOWN_MAX)} more runs</span>
        )}
      </p>
    </article>
  );
}

function RerunAll({ ids }: { ids: readonly string[] }) {
  const rerun = async () => {
    for (const id of ids) await server.control(id, { action: 'rerun' });
  };
  return (
    <button
      type="button"
      class="button push"
      onClick={() => void act(rerun, `${plural(ids.length, 'run')} started again`)}
    >
      Rerun {plural(ids.length, 'run')}
    </button>
  );
}
