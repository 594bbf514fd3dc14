/** Runs that are worth looking at. */
import type { Task } from '../../src/contract/workflow.ts';
import type { Engine } from '../../src/engine/engine.ts';

export interface Runs {
  readonly fan: string;
  readonly failing: string;
  readonly hostile: string;
  readonly large: string;
}

const shell = (line: string) => ({ kind: 'shell', line }) as const;

const fan: Task[] = [
  { id: 'extract', run: shell('sleep 0.2; echo extracted') },
  { id: 'validate', needs: ['extract'], run: shell('sleep 0.1') },
  {
    id: 'work',
    needs: ['extract'],
    each: [Array.from({ length: 12 }, (_, n) => n)],
    run: shell('sleep 0.05; echo $TASK_ID'),
  },
  { id: 'model-a', needs: ['validate'], run: shell('sleep 0.3') },
  { id: 'model-b', needs: ['validate'], run: shell('sleep 0.1') },
  { id: 'report', needs: ['model-a', 'model-b', 'work'], run: shell('echo \'{"rows": 12}\'') },
];

const failing: Task[] = [
  { id: 'first', run: shell('echo started') },
  {
    id: 'bad',
    needs: ['first'],
    run: shell('echo about to fail; echo "no such table: orders" >&2; exit 3'),
    retry: { attemptsMax: 3, backoff: { shape: 'fixed', delayMsMin: 200, jitter: 'none' } },
  },
  { id: 'never', needs: ['bad'], run: shell('true') },
  { id: 'other', run: shell('sleep 0.3') },
];

const attack = '<img src=x onerror="globalThis.taken=1"><script>globalThis.taken=1</script>';

/** Names of tasks can't hold it; keys of sub-tasks, texts, outputs and errors can. */
const hostile: Task[] = [
  {
    id: 'evil',
    run: {
      kind: 'snippet',
      language: 'node',
      code: `console.log(input.text); await task.spawn?.({ key: input.text, run: { kind: 'shell', line: 'true' } }); throw new Error(input.text)`,
    },
    with: { text: attack },
  },
  {
    id: 'gives',
    run: { kind: 'snippet', language: 'node', code: 'return { [input.text]: input.text }' },
    with: { text: attack },
  },
];

/** Ten thousand tasks that do nothing, so that nothing but drawing takes time. */
function large(): Task[] {
  const none = { kind: 'none' } as const;
  const name = (n: number) => `t${String(n).padStart(5, '0')}`;
  const wide = Array.from({ length: 10_000 }, (_, n) => ({
    id: name(n),
    ...(n >= 100 && { needs: [name(n - 100)] }),
    run: none,
  }));
  return wide.sort((a, b) => (a.id < b.id ? -1 : 1));
}

const byId = (tasks: readonly Task[]): Task[] => [...tasks].sort((a, b) => (a.id < b.id ? -1 : 1));

export async function allRuns(engine: Engine): Promise<Runs> {
  const ended = async (name: string, tasks: readonly Task[], tags: string[]): Promise<string> => {
    const { run } = await engine.submit({ workflow: { name, tasks: byId(tasks) }, tags });
    await engine.end(run.id, 120_000);
    return run.id;
  };
  const workflow = { name: 'fan', tasks: byId(fan) };
  await engine.schedules.put('nightly', { workflow, timing: { cron: '30 2 * * *' } });
  await engine.schedules.put('hourly', {
    workflow,
    timing: { cron: '15 8-18 * * mon-fri', timezone: 'Europe/Berlin' },
    paused: true,
  });
  await engine.schedules.put('weekly', { workflow, timing: { cron: '0 6 * * mon' } });
  return {
    large: await ended('large', large(), ['wide']),
    hostile: await ended('hostile', hostile, [attack.slice(0, 128)]),
    failing: await ended('failing', failing, ['nightly', 'team-a']),
    fan: await ended('fan', fan, ['nightly']),
  };
}
