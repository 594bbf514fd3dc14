/** From what is written in a form to a run. */

import type { Json, JsonObject } from '../../src/contract/json.ts';
import { Problem } from '../../src/contract/problem.ts';
import type { PlainRun, Workflow } from '../../src/contract/workflow.ts';
import { server } from './server.ts';

export const codeLanguages = ['shell', 'node', 'python'] as const;
export type CodeLanguage = (typeof codeLanguages)[number];

export interface CodeForm {
  readonly name: string;
  readonly language: CodeLanguage;
  readonly code: string;
  readonly attemptsMax: number;
}

const runOf = ({ language, code }: CodeForm): PlainRun =>
  language === 'shell' ? { kind: 'shell', line: code } : { kind: 'snippet', language, code };

/** A workflow of one task. */
export const workflowOfCode = (form: CodeForm): Workflow => ({
  name: form.name,
  tasks: [
    {
      id: form.name,
      run: runOf(form),
      ...(form.language !== 'shell' && { with: '${{ input }}' as Json }),
      ...(form.attemptsMax > 1 && { retry: { attemptsMax: form.attemptsMax } }),
    },
  ],
});

/** What is written as input: nothing, or a JSON object. */
export function inputOf(text: string): JsonObject | undefined {
  if (text.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Problem('input-invalid', `the input is not JSON: ${(error as Error).message}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as JsonObject;
  throw new Problem(
    'input-invalid',
    'the input is to be a JSON object, such as {"day": "2026-01-31"}',
  );
}

interface Report {
  readonly errors: readonly { readonly line?: number; readonly message: string }[];
  readonly workflow?: Workflow;
}

/** The canonical form of YAML or JSON; mistakes with their lines. */
export async function workflowOfText(text: string): Promise<Workflow> {
  const response = await fetch('/v1/workflows:lint', {
    method: 'POST',
    headers: { 'content-type': 'application/yaml' },
    body: text,
  });
  const report = (await response.json()) as Report & { readonly detail?: string };
  if (report.workflow !== undefined) return report.workflow;
  const mistakes = (report.errors ?? []).map(({ line, message }) =>
    line === undefined ? message : `line ${line}: ${message}`,
  );
  throw new Problem('workflow-invalid', mistakes.join('\n') || (report.detail ?? 'not a workflow'));
}

export async function startRun(workflow: Workflow, input: JsonObject | undefined): Promise<string> {
  const { run } = await server.submit({ workflow, ...(input !== undefined && { input }) });
  return run.id;
}
