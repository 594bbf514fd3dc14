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

  play(): { readonly run: string; readonly tasks: ReadonlyMap<string, string> } {
    this.#take(untilDone(this.#progress, begin));
    while (this.#work.length > 0 && this.#end === undefined) {
      const [next] = this.#work.splice(Math.floor(this.#stream.next() * this.#work.length), 1);
      if (next) this.#take(next());
    }
    const tasks = new Map<string, string>();
    for (let task = 0; task < this.#progress.graph.size; task++) {
      const status = statuses[codeOf(this.#progress, task)] as string;
      tasks.set(
        idOf(this.#progress.graph, task),
        status === 'skippedByFailure' ? 'skipped' : status,
      );
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

function agree(seed: number, lossesMax: number, seen: { sure: number; unsure: number }): void {
  const { stream, workflow, fates } = draw(seed, 40);
  const expected = foresee(workflow, fates, { lossesMax });
  const found = new FoldedRun(workflow, fates, stream, lossesMax > 0).play();
  const wrong = compare(expected, found);
  if (wrong.length > 0) throw new Error(`seed ${seed}: ${wrong.slice(0, 5).join('; ')}`);
  for (const { size } of expected.tasks.values()) seen[size === 1 ? 'sure' : 'unsure']++;
}

test.each([0, 9])('the oracle and the core agree (losses of a task: up to %d)', (lossesMax) => {
  const seen = { sure: 0, unsure: 0 };
  for (let seed = 1; seed <= 1000; seed++) agree(seed, lossesMax, seen);
  expect(seen.sure / (seen.sure + seen.unsure)).toBeGreaterThan(lossesMax > 0 ? 0.7 : 0.95);
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
