import { describe, expect, test } from '@jest/globals';
import type { Happening, Report, Spawn } from '../../src/contract/happening.ts';
import type { Json } from '../../src/contract/json.ts';
import { Workflow } from '../../src/contract/workflow.ts';
import { compile } from '../../src/core/dag.ts';
import type { Decision } from '../../src/core/decision.ts';
import { begin, fold } from '../../src/core/fold.ts';
import {
  definitionOf,
  graphOf,
  idOf,
  itemsOf,
  levelsLeft,
  segmentAt,
} from '../../src/core/graph.ts';
import { codeOf, grow, type Progress } from '../../src/core/progress.ts';
import { resolve } from '../../src/core/reference.ts';
import { statuses } from '../../src/core/status.ts';
import { canonicalize } from '../../src/definition/canonical.ts';
import { checkWorkflow } from '../../src/definition/check.ts';
import { Stream } from './kernel/random.ts';
import { drawTaste, drawWorkflow, without } from './world/draw-workflow.ts';
import { type Outcome, unexplained } from './world/explain.ts';
import { drawTemper, Fates, rootId } from './world/fates.ts';
import { compare, foresee, foreseeStart, type Verdict } from './world/oracle.ts';

function draw(seed: number, tasksMax = 60) {
  const stream = new Stream(seed, 'oracle test');
  const taste = drawTaste(stream, tasksMax);
  const workflow = drawWorkflow(stream, 'w', taste);
  return { stream, workflow, fates: new Fates(seed, 'run', drawTemper(stream)) };
}

const seeds = Array.from({ length: 300 }, (_, n) => n + 1);

describe('workflows that are drawn', () => {
  test('are canonical, and nothing is wrong with them', () => {
    for (const seed of seeds) {
      const { workflow } = draw(seed);
      expect(checkWorkflow(Workflow.parse(workflow))).toEqual([]);
      expect(canonicalize(workflow)).toEqual(workflow);
    }
  });

  test('are so also when some of their tasks are left out', () => {
    for (const seed of seeds) {
      const { stream, workflow } = draw(seed, 12);
      const gone = new Set(workflow.tasks.filter(() => stream.chance(0.4)).map(({ id }) => id));
      const rest = without(workflow, (id) => gone.has(id));
      if (rest === undefined) continue;
      expect(checkWorkflow(rest)).toEqual([]);
      expect(rest.tasks.length).toBe(workflow.tasks.length - gone.size);
    }
  });

  test('have, among them, all that breaks engines', () => {
    const tasks = seeds.flatMap((seed) => draw(seed).workflow.tasks);
    const widths = tasks.map(({ needs = [] }) => needs.length);
    expect([0, 1, 2, 3].every((width) => widths.includes(width))).toBe(true);
    expect(Math.max(...widths)).toBeGreaterThan(30);
    const rules = new Set(
      tasks.map(({ rule }) => (typeof rule === 'object' ? Object.keys(rule)[0] : rule)),
    );
    expect(rules.size).toBe(13);
    const kinds = tasks.map(({ each, delivery, onLost, mayFail, run }) =>
      [each?.length, delivery, onLost, mayFail, run.kind === 'none'].join(),
    );
    for (const kind of [
      '1,,,,false',
      '2,,,,false',
      ',at-least-once,,,false',
      ',at-most-once,,,false',
      ',,fail,,false',
      ',,,true,false',
      ',,,,true',
    ])
      expect(kinds).toContain(kind);
  });
});

test('fates are the same for whoever asks, in whatever order', () => {
  const { workflow } = draw(7);
  const [task] = workflow.tasks;
  if (task === undefined) throw new Error('no task');
  const temper = drawTemper(new Stream(7, 'temper'));
  const [one, two] = [new Fates(7, 'run', temper), new Fates(7, 'run', temper)];
  const forth = ['a', 'b', 'c'].map((id) => one.of(id, 2, task));
  const back = ['c', 'b', 'a'].map((id) => two.of(id, 2, task)).reverse();
  expect(back).toEqual(forth);
});

/** Decides until nothing more follows, with all that changed saved in between. */
function untilDone(progress: Progress, decide: (progress: Progress) => Decision): Decision {
  for (;;) {
    const decision = decide(progress);
    for (const chunk of progress.chunks) chunk.dirty = false;
    if (!decision.unfinished) return decision;
  }
}

/** Plays a run by the core's fold alone: attempts end in a random order, some are lost, some reports come twice. */
class FoldedRun {
  readonly #progress: Progress;
  readonly #fates: Fates;
  readonly #stream: Stream;
  readonly #lossy: boolean;
  readonly #work: (() => Decision)[] = [];
  readonly #asked = new Set<string>();
  #end: string | undefined;
  #ids = 0;

  constructor(workflow: Workflow, fates: Fates, stream: Stream, lossy: boolean) {
    const compiled = compile(workflow.tasks);
    if (compiled.kind !== 'dag') throw new Error(compiled.kind);
    const head = {
      runId: 'run',
      state: 'running' as const,
      generation: 1,
      reason: undefined,
      fails: false,
      controls: [],
      rerun: undefined,
      dirty: false,
    };
    this.#progress = {
      head,
      graph: graphOf(compiled.dag),
      chunks: [],
      chunkSize: 1 + Math.floor(stream.next() * 40),
    };
    this.#fates = fates;
    this.#stream = stream;
    this.#lossy = lossy;
    grow(this.#progress);
  }

  play(): { readonly run: string; readonly tasks: ReadonlyMap<string, Outcome['verdict']> } {
    this.#take(untilDone(this.#progress, begin));
    while (this.#work.length > 0 && this.#end === undefined) {
      const [next] = this.#work.splice(Math.floor(this.#stream.next() * this.#work.length), 1);
      if (next) this.#take(next());
    }
    const tasks = new Map<string, Outcome['verdict']>();
    for (let task = 0; task < this.#progress.graph.size; task++) {
      const status = statuses[codeOf(this.#progress, task)] as Verdict | 'skippedByFailure';
      const verdict = status === 'skippedByFailure' ? 'doomed' : status;
      tasks.set(idOf(this.#progress.graph, task), verdict);
    }
    return { run: this.#end ?? 'never ended', tasks };
  }

  #take(decision: Decision): void {
    this.#end ??= decision.end?.state;
    for (const { task, attempt } of decision.sends.values())
      this.#ask(task, attempt, () => this.#run(task, attempt));
    for (const [task, attempt] of decision.expands)
      this.#ask(task, attempt, () => this.#expand(task, attempt));
  }

  #ask(task: number, attempt: number, work: () => Decision): void {
    const name = `${task} ${attempt}`;
    if (this.#asked.has(name)) return;
    this.#asked.add(name);
    this.#work.push(work);
  }

  #fold(...happenings: Happening[]): Decision {
    const decide = () => untilDone(this.#progress, (progress) => fold(progress, happenings));
    if (this.#stream.chance(0.2)) this.#work.push(decide);
    return decide();
  }

  #id(kind: string): string {
    return `${kind}#${++this.#ids}`;
  }

  #spawn(spawn: Spawn): Happening {
    return { kind: 'spawn', id: this.#id('SPAWN'), spawn };
  }

  #run(task: number, attempt: number): Decision {
    const { graph } = this.#progress;
    const definition = definitionOf(graph, task);
    const id = idOf(graph, task);
    if (JSON.stringify(definition.with ?? null).includes('input.missing'))
      return this.#fold(
        this.#spawn({ parent: task, attempt, at: 0, made: { kind: 'impossible', message: '' } }),
      );
    const fate = this.#fates.of(id, attempt, { ...definition, id: rootId(id) });
    const late = fate.end === 'hangs' || fate.durationMs > (definition.limits?.runMs ?? 1e12);
    if (fate.end === 'kills' || (this.#lossy && this.#stream.chance(0.2)))
      return this.#fold({
        kind: 'lost',
        id: this.#id('LOST'),
        lost: { task, attempt, at: 0, reason: 'gone' },
      });
    const requests = late ? [] : [...fate.spawnsEarly, ...fate.spawnsLate];
    const times = { startedAt: 0, endedAt: 0 };
    const error = late ? { reason: 'time-limit' as const, message: '' } : fate.error;
    const failed: Report = { task, attempt, outcome: 'failed', ...times, error };
    const report: Report =
      late || fate.end === 'fails' ? failed : { task, attempt, outcome: 'succeeded', ...times };
    const spawn = this.#spawn({ parent: task, attempt, at: 0, made: { kind: 'tasks', requests } });
    const happening: Happening = { kind: 'report', id: this.#id('PACK'), report };
    return requests.length > 0 ? this.#fold(spawn, happening) : this.#fold(happening);
  }

  #expand(task: number, attempt: number): Decision {
    const { graph } = this.#progress;
    const items = segmentAt(graph, task)?.kind === 'map' ? itemsOf(graph, task) : undefined;
    const output = (source: string): Json => ({ list: this.#fates.listOf(source) });
    const template = levelsLeft(graph, task)[0] as Json;
    const resolved = resolve(template, { input: {}, output, ...(items && { items }) });
    const made: Spawn['made'] =
      resolved.kind === 'ok' && Array.isArray(resolved.value)
        ? { kind: 'map', items: resolved.value }
        : { kind: 'impossible', message: 'no list' };
    return this.#fold(this.#spawn({ parent: task, attempt, at: 0, made }));
  }
}

const generationOf = (tasks: ReadonlyMap<string, Outcome['verdict']>, cancelled = false) => ({
  cancelled,
  tasks: new Map(
    [...tasks].map(([id, verdict]) => [id, { verdict, first: 1, kept: false }] as const),
  ),
});

interface Seen {
  sure: number;
  unsure: number;
  /** Runs of which one outcome was told wrong, and how often that was noticed. */
  turned: number;
  noticed: number;
}

function agree(seed: number, lossesMax: number, seen: Seen): void {
  const { stream, workflow, fates } = draw(seed, 40);
  const expected = foresee(workflow, fates, { lossesMax });
  const found = new FoldedRun(workflow, fates, stream, lossesMax > 0).play();
  const shown = [...found.tasks].map(
    ([id, verdict]) => [id, verdict === 'doomed' ? 'skipped' : verdict] as const,
  );
  const odd = (tasks: ReadonlyMap<string, Outcome['verdict']>) =>
    unexplained(workflow, fates, { lossesMax }, generationOf(tasks));
  const wrong = [
    ...compare(expected, { run: found.run, tasks: new Map(shown) }),
    ...odd(found.tasks),
  ];
  if (wrong.length > 0) throw new Error(`seed ${seed}: ${wrong.slice(0, 5).join('; ')}`);
  const [id, verdict] = stream.pick([...found.tasks]);
  const others = (['succeeded', 'failed', 'skipped', 'doomed', 'cancelled'] as const).filter(
    (other) => other !== verdict,
  );
  seen.turned++;
  if (odd(new Map(found.tasks).set(id, stream.pick(others))).length > 0) seen.noticed++;
  for (const { size } of expected.tasks.values()) seen[size === 1 ? 'sure' : 'unsure']++;
}

test.each([0, 9])('the oracle and the core agree (losses of a task: up to %d)', (lossesMax) => {
  const seen: Seen = { sure: 0, unsure: 0, turned: 0, noticed: 0 };
  for (let seed = 1; seed <= 1000; seed++) agree(seed, lossesMax, seen);
  expect(seen.sure / (seen.sure + seen.unsure)).toBeGreaterThan(lossesMax > 0 ? 0.7 : 0.95);
  expect(seen.noticed / seen.turned).toBeGreaterThan(0.9);
});

test('what was handed back unbegun is as good as new, and at work as good as lost', () => {
  const fates = new Fates(1, 'run', { ...drawTemper(new Stream(1, 'temper')), fails: 0, kills: 0 });
  const verdicts = (options: Partial<Workflow['tasks'][number]>, releasesMax: number) => {
    const run = { kind: 'command' as const, argv: ['work'] };
    const workflow = { name: 'w', tasks: [{ id: 'a', run, ...options }] };
    const { tasks } = foresee(workflow, fates, { lossesMax: 0, releasesMax });
    return [...(tasks.get('a') ?? [])].sort();
  };
  expect(verdicts({}, 2)).toEqual(['succeeded']);
  expect(verdicts({ onLost: 'fail' }, 0)).toEqual(['succeeded']);
  expect(verdicts({ onLost: 'fail' }, 1)).toEqual(['failed', 'succeeded']);
  expect(verdicts({ delivery: 'at-most-once' }, 1)).toEqual(['failed', 'succeeded']);
});

describe('the outcomes of a run that a user has touched', () => {
  const run = { kind: 'command' as const, argv: ['work'] };
  const tasks: Workflow['tasks'] = [
    { id: 'a', run },
    { id: 'b', run, needs: ['a'] },
    { id: 'c', run, needs: ['b'], rule: 'always' },
  ];
  const temper = {
    ...drawTemper(new Stream(1, 'temper')),
    kills: 0,
    hangs: 0,
    zombies: 0,
    spawns: 0,
  };
  const failsAtFirst = { ...temper, fails: 1, always: 0 };
  type Told = Partial<Outcome> & Pick<Outcome, 'verdict'>;
  const oddIn = (fates: Fates, cancelled: boolean, told: Readonly<Record<string, Told>>) =>
    unexplained(
      { name: 'w', tasks },
      fates,
      { lossesMax: 0 },
      {
        cancelled,
        tasks: new Map(
          Object.entries(told).map(([id, one]) => [id, { first: 1, kept: false, ...one }]),
        ),
      },
    );
  const well = new Fates(1, 'run', { ...temper, fails: 0 });
  const [succeeded, failed, doomed, cancelled] = (
    ['succeeded', 'failed', 'doomed', 'cancelled'] as const
  ).map((verdict) => ({ verdict })) as [Told, Told, Told, Told];

  test('may be cancelled where it was, but for what runs always', () => {
    const told = { a: succeeded, b: cancelled, c: succeeded };
    expect(oddIn(well, true, told)).toEqual([]);
    expect(oddIn(well, false, told)).toHaveLength(1);
    expect(oddIn(well, true, { ...told, a: cancelled, b: doomed })).toEqual([]);
    expect(oddIn(well, true, { ...told, c: cancelled })).toHaveLength(1);
    expect(oddIn(well, true, { ...told, a: cancelled, b: succeeded })).toHaveLength(1);
  });

  test('follow from the attempts of their own generation', () => {
    const fates = new Fates(3, 'run', failsAtFirst);
    const until = [1, 2, 3, 4].find((n) => fates.of('a', n, tasks[0] as never).end !== 'fails');
    const first = until as number;
    const fails = {
      a: failed,
      b: doomed,
      c: fates.of('c', 1, tasks[2] as never).end === 'fails' ? failed : succeeded,
    };
    expect(oddIn(fates, false, fails)).toEqual([]);
    expect(oddIn(fates, false, { ...fails, a: { verdict: 'failed', first } })).toHaveLength(1);
    const after = { a: { verdict: 'succeeded', first }, b: failed, c: fails.c } as const;
    expect(oddIn(fates, false, after)).toEqual([]);
    expect(oddIn(fates, false, { ...after, a: succeeded })).toHaveLength(1);
    expect(oddIn(fates, false, { ...after, a: { verdict: 'succeeded', kept: true } })).toEqual([]);
  });

  test('are those of the tasks that were asked for', () => {
    const told = { a: succeeded, b: succeeded, c: succeeded };
    expect(oddIn(well, false, { ...told, 'a/x': succeeded })).toHaveLength(1);
    expect(oddIn(well, false, { a: succeeded, b: succeeded })).toHaveLength(1);
  });
});

describe('what a rule comes to', () => {
  const cases: readonly (readonly [
    Parameters<typeof foreseeStart>[0],
    readonly Verdict[],
    string,
  ])[] = [
    ['all-succeeded', [], 'ready'],
    ['all-succeeded', ['succeeded', 'succeeded'], 'ready'],
    ['all-succeeded', ['succeeded', 'skipped'], 'skipped'],
    ['all-succeeded', ['succeeded', 'doomed'], 'doomed'],
    ['all-failed', ['failed', 'failed'], 'ready'],
    ['none-failed', ['skipped', 'succeeded'], 'ready'],
    ['none-failed', ['doomed', 'succeeded'], 'doomed'],
    ['none-failed-any-succeeded', ['skipped'], 'skipped'],
    ['any-succeeded', ['failed', 'succeeded'], 'ready'],
    ['any-succeeded', ['failed'], 'doomed'],
    ['any-failed', ['succeeded'], 'skipped'],
    ['any-done', ['skipped'], 'ready'],
    ['all-skipped', ['skipped', 'doomed'], 'ready'],
    ['none-skipped', ['failed'], 'ready'],
    ['always', ['failed', 'doomed'], 'ready'],
    [{ atLeast: 2 }, ['succeeded', 'failed', 'succeeded'], 'ready'],
    [{ atLeast: 2 }, ['succeeded', 'failed', 'failed'], 'doomed'],
    [{ atLeastPercent: 34 }, ['succeeded', 'failed', 'failed'], 'doomed'],
    [{ atLeastPercent: 33 }, ['succeeded', 'failed', 'failed'], 'ready'],
  ];
  test.each(cases)('%j of %j is %s', (rule, needs, want) => {
    expect([
      ...foreseeStart(
        rule,
        needs.map((need) => new Set([need])),
      ),
    ]).toEqual([want]);
  });
});
