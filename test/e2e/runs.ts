import type { Client } from '../../src/client/client.ts';
import type { RunView, SubmitRequest } from '../../src/contract/api.ts';
import type { Run, Task, Workflow } from '../../src/contract/workflow.ts';

export const WAIT_MS = 240_000;

export const shell = (line: string): Run => ({ kind: 'shell', line });
export const node = (code: string, concurrency?: number): Run => ({
  kind: 'snippet',
  language: 'node',
  code,
  ...(concurrency !== undefined && { concurrency }),
});
export const python = (code: string): Run => ({ kind: 'snippet', language: 'python', code });

/** A workflow of these tasks; an id or a run alone will do. */
export const workflowOf = (
  tasks: Readonly<Record<string, Omit<Task, 'id'>>>,
  more: Partial<Workflow> = {},
): Workflow => ({
  name: 'test',
  ...more,
  tasks: Object.entries(tasks)
    .map(([id, task]): Task => ({ id, ...task }))
    .sort((a, b) => (a.id < b.id ? -1 : 1)),
});

/** Submits, and gives the run as it is at its end. */
export async function runToEnd(
  client: Client,
  workflow: Workflow,
  more: Omit<SubmitRequest, 'workflow'> = {},
): Promise<RunView> {
  const { run } = await client.submit({ workflow, ...more });
  return endOf(client, run.id);
}

export async function endOf(client: Client, id: string): Promise<RunView> {
  await client.end(id, WAIT_MS);
  return client.run(id);
}

/** Looks at a run again and again until it is as wanted. */
export async function runUntil(
  client: Client,
  id: string,
  wanted: (view: RunView) => boolean,
): Promise<RunView> {
  for (;;) {
    const view = await client.run(id);
    if (wanted(view)) return view;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function logTexts(client: Client, run: string, task?: string): Promise<string[]> {
  const texts: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = await client.logs({
      run,
      limit: 10_000,
      ...(task !== undefined && { task }),
      ...(after !== undefined && { after }),
    });
    if (page.lines.length === 0) return texts;
    for (const { text } of page.lines) texts.push(text);
    after = page.next;
  }
}
