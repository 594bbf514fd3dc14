import { to } from '../live/address.ts';
import { type Grid, readGrid } from '../live/grid.ts';
import { now } from '../live/now.ts';
import { usePolled } from '../live/polled.ts';
import { signs, wordOf } from '../model/states.ts';
import { ago, count, duration, instant } from '../model/words.ts';

const LOOK_MS = 10_000;

/** The last runs of a workflow beside each other, task by task. */
export function GridView({ workflow }: { workflow: string }) {
  const { value, problem } = usePolled(() => readGrid(workflow), LOOK_MS, [workflow]);
  const grid = value.value;
  return (
    <section class="page fill">
      <header class="bar">
        <h1>{workflow}</h1>
        <span class="dim">its last runs, task by task</span>
        <a class="button push" href={to(['runs'], { workflow })}>
          List of its runs
        </a>
      </header>
      {problem.value !== undefined && <p class="problem">{problem.value}</p>}
      {grid === undefined && problem.value === undefined && <p class="empty">Loading…</p>}
      {grid !== undefined && grid.runs.length === 0 && (
        <p class="empty">No run of {workflow} is there.</p>
      )}
      {grid !== undefined && grid.runs.length > 0 && <Cells grid={grid} />}
    </section>
  );
}

function Cells({ grid }: { grid: Grid }) {
  const longest = Math.max(...grid.runs.map(lengthOf), 1);
  return (
    <div class="scroll card" tabIndex={0} role="region" aria-label="Runs and tasks">
      <table class="grid">
        <thead>
          <tr>
            <th scope="col">Task</th>
            {grid.runs.map((run) => (
              <th key={run.id} scope="col">
                <a
                  href={to(['runs', run.id])}
                  title={`${instant(run.createdAt)}, ${duration(lengthOf(run))}`}
                  aria-label={`Run ${ago(run.createdAt, now.value)}, ${run.state}`}
                >
                  <span
                    class={`column f-${run.state}`}
                    style={{ height: `${4 + (36 * lengthOf(run)) / longest}px` }}
                  />
                </a>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {grid.tasks.map((task) => (
            <tr key={task}>
              <th scope="row" class="clip" title={task}>
                {task}
              </th>
              {grid.runs.map(({ id }) => (
                <Cell key={id} run={id} task={task} state={grid.stateOf(id, task)} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {grid.tasksLeftOut > 0 && (
        <p class="dim">{count(grid.tasksLeftOut)} more tasks are not shown here.</p>
      )}
    </div>
  );
}

const lengthOf = ({ createdAt, endedAt }: Grid['runs'][number]): number =>
  (endedAt ?? now.value) - createdAt;

interface CellProps {
  readonly run: string;
  readonly task: string;
  readonly state: string | undefined;
}

function Cell({ run, task, state }: CellProps) {
  if (state === undefined) return <td />;
  const label = `${task}: ${wordOf(state)}`;
  return (
    <td>
      <a
        class={`cell s-${state}`}
        href={to(['runs', run, 'graph'], { task })}
        title={label}
        aria-label={label}
      >
        {signs[state]}
      </a>
    </td>
  );
}
