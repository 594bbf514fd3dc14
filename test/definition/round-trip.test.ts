import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse as parseAnyYaml, stringify } from 'yaml';
import { Problem } from '../../src/contract/problem.ts';
import { Workflow } from '../../src/contract/workflow.ts';
import { canonicalize, canonicalText, workflowHash } from '../../src/definition/canonical.ts';
import { checkWorkflow } from '../../src/definition/check.ts';
import { parseWorkflowText } from '../../src/definition/parse.ts';
import { parseCanonical } from '../../src/definition/parse-canonical.ts';
import { authorForm, printYaml } from '../../src/definition/print.ts';
import { workflows } from './arbitraries.ts';

const RUNS = { numRuns: 300 };

describe('of any sound workflow', () => {
  test('the structure fits the schema, and nothing is found wrong', () => {
    fc.assert(
      fc.property(workflows, (workflow) => {
        expect(Workflow.parse(workflow)).toEqual(workflow);
        expect(checkWorkflow(workflow)).toEqual([]);
      }),
      RUNS,
    );
  });

  test('the printed YAML compiles to the same text and hash', () => {
    fc.assert(
      fc.property(workflows, (workflow) => {
        const again = parseWorkflowText(printYaml(workflow), 'printed.yaml');
        expect(canonicalText(again)).toBe(canonicalText(workflow));
        expect(workflowHash(again)).toBe(workflowHash(workflow));
      }),
      RUNS,
    );
  });

  test('the form for authors compiles to the same as JSON', () => {
    fc.assert(
      fc.property(workflows, (workflow) => {
        const form = authorForm(workflow);
        const tasks = Object.fromEntries(form.tasks as Map<string, unknown>);
        const again = parseWorkflowText(JSON.stringify({ ...form, tasks }), 'w.json');
        expect(canonicalText(again)).toBe(canonicalText(workflow));
      }),
      RUNS,
    );
  });

  test('the canonical text is read as canonical, and stays the same', () => {
    fc.assert(
      fc.property(workflows, (workflow) => {
        const text = canonicalText(workflow);
        const again = parseCanonical(JSON.parse(text));
        expect(canonicalText(again)).toBe(text);
        expect(canonicalize(workflow)).toEqual(workflow);
      }),
      RUNS,
    );
  });
});

/** Only refusals: no crash, no endless work. */
function isRefusedOrRead(text: string): boolean {
  try {
    parseWorkflowText(text, 'garbage.yaml');
    return true;
  } catch (error) {
    return (
      error instanceof Problem && error.code === 'workflow-invalid' && error.details.length > 0
    );
  }
}

describe('garbage is refused, whatever it is', () => {
  test('any text', () => {
    const piece = fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '  ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '&a',
      '*a',
      '|',
      '>',
      '#',
      '!x',
      '${{',
      '}}',
      'tasks',
      'run',
      'name',
      '1',
      '\t',
      '%',
      '---',
      '?',
      ',',
    );
    const garbage = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece, { maxLength: 60 }).map((parts) => parts.join('')),
    );
    fc.assert(fc.property(garbage, isRefusedOrRead), { numRuns: 2_000 });
  });

  test('any structure', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => isRefusedOrRead(stringify(json))),
      RUNS,
    );
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (json, task) =>
        isRefusedOrRead(
          JSON.stringify({ name: 'n', tasks: { a: { run: 'x' }, b: task, c: json } }),
        ),
      ),
      RUNS,
    );
  });

  test('any workflow with one character changed', () => {
    fc.assert(
      fc.property(
        workflows,
        fc.nat(),
        fc.constantFrom('', ' ', ':', '{', '"', '\n', 'x', '-'),
        (workflow, place, put) => {
          const text = printYaml(workflow);
          const at = place % text.length;
          return isRefusedOrRead(text.slice(0, at) + put + text.slice(at + 1));
        },
      ),
      RUNS,
    );
  });

  test('any workflow with one field of another type', () => {
    fc.assert(
      fc.property(workflows, fc.nat(), fc.jsonValue({ maxDepth: 2 }), (workflow, place, json) => {
        const task = { ...(parseAnyYaml(printYaml(workflow)) as { tasks: object }).tasks };
        const [id, options] = Object.entries(task)[0] as [string, Record<string, unknown>];
        const keys = Object.keys(options);
        const key = keys[place % keys.length] as string;
        return isRefusedOrRead(
          stringify({ name: 'n', tasks: { [id]: { ...options, [key]: json } } }),
        );
      }),
      RUNS,
    );
  });
});
