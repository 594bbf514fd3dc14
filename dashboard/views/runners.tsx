import type { RunnerView } from '../../src/contract/api.ts';
import { now } from '../live/now.ts';
import { usePolled } from '../live/polled.ts';
import { server } from '../live/server.ts';
import { ago, count, duration, instant, plural } from '../model/words.ts';

const LOOK_MS = 3_000;

export function Runners() {
  const { value, problem } = usePolled(() => server.runners(), LOOK_MS, []);
  const runners = value.value;
  const pools = [...new Set(runners?.map(({ pool }) => pool))];
  return (
    <section class="page">
      <h1>Runners</h1>
      {problem.value !== undefined && <p class="problem">{problem.value}</p>}
      {runners === undefined && problem.value === undefined && <p class="empty">Loading…</p>}
      {runners?.length === 0 && (
        <p class="empty">
          No runner is alive. Pools start them when tasks are ready; a server here runs tasks itself
          unless it was started with <code>--slots 0</code>.
        </p>
      )}
      {pools.map((pool) => (
        <Pool key={pool} pool={pool} runners={runners?.filter((one) => one.pool === pool) ?? []} />
      ))}
    </section>
  );
}

function Pool({ pool, runners }: { pool: string; runners: readonly RunnerView[] }) {
  const sum = (of: (runner: RunnerView) => number) =>
    runners.reduce((all, one) => all + of(one), 0);
  const [slots, atWork] = [sum((one) => one.slots), sum((one) => one.atWork)];
  return (
    <section class="card">
      <header class="bar">
        <h2>{pool}</h2>
        <span class="dim">
          {plural(runners.length, 'runner')}, {count(atWork)} of {plural(slots, 'slot')} at work
        </span>
        <Meter of={atWork} among={slots} label={`Slots of ${pool} at work`} />
      </header>
      <div class="scroll" tabIndex={0} role="region" aria-label={`Runners of ${pool}`}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Runner</th>
              <th scope="col">At work</th>
              <th scope="col">Alive since</th>
              <th scope="col">Last heartbeat</th>
              <th scope="col" class="number">
                Attempts ended
              </th>
              <th scope="col" class="number">
                Time in attempts
              </th>
            </tr>
          </thead>
          <tbody>
            {runners.map((one) => (
              <Runner key={one.id} runner={one} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Runner({ runner }: { runner: RunnerView }) {
  const { id, slots, atWork, at, since, ended, servedMs } = runner;
  return (
    <tr>
      <td class="mono">{id}</td>
      <td>
        {count(atWork)} of {count(slots)}
      </td>
      <td>
        {since === undefined ? '' : <time title={instant(since)}>{ago(since, now.value)}</time>}
      </td>
      <td>{ago(at, now.value)}</td>
      <td class="number">{ended === undefined ? '' : count(ended)}</td>
      <td class="number">{servedMs === undefined ? '' : duration(servedMs)}</td>
    </tr>
  );
}

export function Meter({ of, among, label }: { of: number; among: number; label: string }) {
  const part = among === 0 ? 0 : Math.min(1, of / among);
  return (
    <div class="counts-bar" role="img" aria-label={`${label}: ${count(of)} of ${count(among)}`}>
      <span class="f-running" style={{ width: `${100 * part}%` }} />
    </div>
  );
}
