/** Goal: no file can crash or hang who reads it: each ends soon, in a refusal that says why or in the right answer. */
import { describe, expect, test } from '@jest/globals';
import { Problem } from '../../src/contract/problem.ts';
import { checkWorkflow } from '../../src/definition/check.ts';
import { parseWorkflowText } from '../../src/definition/parse.ts';
import { parseCanonical } from '../../src/definition/parse-canonical.ts';
import { sizeMax } from '../../src/definition/text.ts';
import { processorTime } from '../support/processor-time.ts';

/** What is printed, and that it took little. */
function refusal(text: string, file = 'w.yaml', cpuMsMax = 5_000): string {
  const taken = processorTime();
  try {
    parseWorkflowText(text, file);
    return 'read';
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error.message;
  } finally {
    expect(taken()).toBeLessThan(cpuMsMax);
  }
}

describe('size', () => {
  test('50 MB are refused before anything is read', () => {
    const text = 'a'.repeat(50 * 1024 * 1024);
    expect(refusal(text, 'w.yaml', 500)).toBe(
      'w.yaml: 50 MB are too large: a workflow has at most 32 MB'.replace(': 50', ' 50'),
    );
  });

  test.each([
    ['blanks', ' '],
    ['line ends', '\n'],
    ['text', 'abc '],
    ['comments', '# c\n'],
    ['quotes', '"'],
    ['apostrophes', "'"],
    ['colons', ': '],
    ['block scalars', '|\n'],
    ['anchors', '&a '],
    ['tags', '!a '],
    ['documents', '---\n'],
    ['questions', '? '],
    ['lines of plain text', 'abc\n'],
    ['keys', 'abc:\n'],
    ['keys without a map', 'abc: '],
    ['directives', '%a\n'],
    ['backslashes in quotes', '"\\'],
  ])(
    'a megabyte of %s ends',
    (_what, piece) => {
      const text = piece.repeat(2 ** 20 / piece.length);
      expect(refusal(text, 'w.yaml', 20_000)).not.toBe('read');
      expect(refusal(text, 'w.json')).not.toBe('read');
    },
    60_000,
  );

  test('YAML of more tokens than memory bears is refused, with what to do', () => {
    const text = `name: n\ntasks:\n${'  ? a\n'.repeat(900_000)}`;
    expect(refusal(text, 'w.yaml', 20_000)).toMatch(
      /more than 2000000 YAML tokens: write a workflow of this size as JSON/,
    );
  });

  test('a name of a megabyte is not printed whole', () => {
    const message = refusal(`name: n\ntasks:\n  "${'a'.repeat(1_000_000)}": { run: x }\n`);
    expect(message).toMatch(/^w\.yaml:3:3 "a{60}…" is no name/);
  });
});

describe('depth', () => {
  const tooDeep = /maps and lists lie more than 100 deep in each other/;
  test.each([
    ['brackets', '['.repeat(100_000)],
    ['closed brackets', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['braces', '{a: '.repeat(100_000)],
    ['dashes', '- '.repeat(100_000)],
    ['question marks', '? '.repeat(100_000)],
    ['indentation', Array.from({ length: 1_000 }, (_, n) => `${' '.repeat(n)}a:\n`).join('')],
  ])('a hundred thousand %s', (_what, bomb) => {
    expect(refusal(bomb)).toMatch(tooDeep);
    expect(refusal(`name: n\ntasks:\n  a:\n    run: x\n    with: ${bomb}`)).toMatch(
      /^w\.yaml:\d+:\d+ /,
    );
  });

  test('a hundred thousand brackets of JSON', () => {
    const json = `{"name": "n", "tasks": {"a": {"run": "x", "with": ${'['.repeat(100_000)}`;
    expect(refusal(json, 'w.json')).toMatch(tooDeep);
    expect(refusal(json, 'w.yaml')).toMatch(tooDeep);
  });

  test('input that is nested deeper than templates may be', () => {
    const json = '['.repeat(70) + ']'.repeat(70);
    expect(
      refusal(`{"name": "n", "tasks": {"a": {"run": "x", "with": ${json}}}}`, 'w.json'),
    ).toMatch(/nested more than 64 deep/);
  });

  test('sequences in tandems in sequences', () => {
    const run = `${'{"sequence": ['.repeat(25)}"x"${']}'.repeat(25)}`;
    expect(refusal(`{"name": "n", "tasks": {"a": ${run}}}`, 'w.json')).toMatch(
      /sequences and tandems lie more than 16 deep/,
    );
  });

  test('canonical workflows', () => {
    for (const key of ['with', 'each', 'run', 'rule', 'id', 'needs', 'x']) {
      const value = JSON.parse(
        `${'[{"kind":"sequence","steps":'.repeat(1)}${'['.repeat(100_000)}${']'.repeat(100_000)}}]`,
      ) as unknown;
      expect(() =>
        parseCanonical({ name: 'n', tasks: [{ id: 'a', run: { kind: 'none' }, [key]: value }] }),
      ).toThrow(Problem);
      expect(() =>
        parseCanonical({ name: 'n', [key]: value, tasks: [{ id: 'a', run: { kind: 'none' } }] }),
      ).toThrow(Problem);
    }
  });
});

describe('aliases', () => {
  test('a billion laughs', () => {
    const lines = ['a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]'];
    for (let n = 1; n < 12; n++)
      lines.push(
        `a${n}: &a${n} [${Array(9)
          .fill(`*a${n - 1}`)
          .join(', ')}]`,
      );
    expect(refusal(lines.join('\n'), 'w.yaml', 1_000)).toMatch(
      /aliases stand for more than 10000 values in all/,
    );
  });

  test('a hundred thousand aliases of a large list', () => {
    const text = `name: n\ntasks:\n  a: &a { run: x, with: [${'1,'.repeat(1_000)}] }\n`;
    const aliases = Array.from({ length: 100_000 }, (_, n) => `  b${n}: *a\n`).join('');
    expect(refusal(text + aliases, 'w.yaml', 20_000)).toMatch(/aliases stand for more than 10000/);
  });

  test('a few are fine', () => {
    expect(refusal('name: n\ntasks:\n  a: &a { run: x }\n  b: *a\n  c: *a\n')).toBe('read');
  });
});

describe('cycles', () => {
  const ring = (count: number): string => {
    const tasks = Array.from(
      { length: count },
      (_, n) => `"t${n}":{"needs":["t${(n + 1) % count}"],"run":"x"}`,
    );
    return `{"name":"n","tasks":{${tasks.join(',')}}}`;
  };
  const want = (count: number): RegExp =>
    new RegExp(`cycle: t0 → t1 → t2 → t3 → t4 → … ${count - 10} more … → (t\\d+ → ){5}t0$`);

  test('of 700,000 tasks in JSON, which is all that 32 MB hold, is named', () => {
    const text = ring(700_000);
    expect(text.length).toBeLessThan(sizeMax);
    expect(refusal(text, 'w.json', 30_000)).toMatch(want(700_000));
  });

  test('of 500,000 tasks in YAML is named', () => {
    const lines = Array.from(
      { length: 500_000 },
      (_, n) => `  t${n}:\n    needs: t${(n + 1) % 500_000}\n    run: x\n`,
    );
    expect(refusal(`name: n\ntasks:\n${lines.join('')}`, 'w.yaml', 30_000)).toMatch(want(500_000));
  });

  test('of a million tasks in canonical form is named', () => {
    const count = 1_000_000;
    const run = { kind: 'none' } as const;
    const tasks = Array.from({ length: count }, (_, n) => ({
      id: `t${n}`,
      needs: [`t${(n + 1) % count}`],
      run,
    }));
    const taken = processorTime();
    const [found, more] = checkWorkflow({ name: 'n', tasks });
    expect(taken()).toBeLessThan(20_000);
    expect(found).toEqual({
      pointer: '/tasks/0/needs/0',
      message: expect.stringMatching(want(count)),
    });
    expect(more).toBeUndefined();
  });

  test('in a dense knot the shortest is named', () => {
    const ids = Array.from({ length: 300 }, (_, n) => `t${n}`);
    const tasks = ids.map((id) => ({
      id,
      needs: ids.filter((other) => other !== id),
      run: { kind: 'none' } as const,
    }));
    expect(checkWorkflow({ name: 'n', tasks })[0]?.message).toMatch(/cycle: t\d+ → t\d+ → t\d+$/);
  });
});

describe('width', () => {
  test('a task with half a million needs and references is checked in linear time', () => {
    const ids = Array.from({ length: 300_000 }, (_, n) => `t${n}`);
    const run = { kind: 'none' } as const;
    const tasks = ids.map((id) => ({ id, run }));
    const all = { id: 'all', needs: ids, run, with: ids.map((id) => `\${{ tasks.${id}.output }}`) };
    const taken = processorTime();
    expect(checkWorkflow({ name: 'n', tasks: [...tasks, all] })).toEqual([]);
    expect(
      checkWorkflow({ name: 'n', tasks: [...tasks, { ...all, needs: [...ids, 't5'] }] }),
    ).toEqual([{ pointer: '/tasks/300000/needs/300000', message: '"t5" is needed twice' }]);
    expect(taken()).toBeLessThan(20_000);
  });

  test('hints cost little, however many and long the names', () => {
    const long = 'x'.repeat(120);
    const tasks = Array.from({ length: 50_000 }, (_, n) => ({
      id: `${long}${n}`,
      needs: [`${long}y${n}`],
      run: { kind: 'none' } as const,
    }));
    const taken = processorTime();
    expect(checkWorkflow({ name: 'n', tasks })).toHaveLength(20);
    expect(taken()).toBeLessThan(5_000);
  });
});
