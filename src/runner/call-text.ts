import type { Execution, ExecutionSpec } from '../contract/execution.ts';
import type { Attempt } from './attempt.ts';
import { folderOf } from './code-folder.ts';

/** What calls become on their way to a harness: neighbours of one kind are one message. */
export class CallText {
  #definitions = new Map<ExecutionSpec, number>();
  #text = '';
  #batch = '';
  #batchSpec: ExecutionSpec | undefined;

  /** How many kinds of calls it has named. */
  get definitions(): number {
    return this.#definitions.size;
  }

  add({ id, input, execution, spec }: Attempt): void {
    if (this.#batchSpec !== spec) this.#open(spec);
    const { run, task, attempt, workflow, folders } = execution;
    const members = [id, input, run, task, attempt, workflow];
    const call = JSON.stringify(takesFolders(spec, folders) ? [...members, folders] : members);
    this.#batch += this.#batch === '' ? call : `,${call}`;
  }

  /** All that was added since; empty where there was nothing. */
  take(): string {
    if (this.#batchSpec !== undefined) this.#close(this.#batchSpec);
    const text = this.#text;
    this.#text = '';
    return text;
  }

  #open(spec: ExecutionSpec): void {
    if (this.#batchSpec !== undefined) this.#close(this.#batchSpec);
    this.#batchSpec = spec;
    if (this.#definitions.has(spec)) return;
    const id = this.#definitions.size;
    this.#definitions.set(spec, id);
    this.#text += `${JSON.stringify(['define', id, spec.run, folderOf(spec) ?? null])}\n`;
  }

  #close(spec: ExecutionSpec): void {
    this.#text += `["call",${this.#definitions.get(spec)},[${this.#batch}]]\n`;
    this.#batch = '';
    this.#batchSpec = undefined;
  }
}

/** The SDKs of compiled programs know no seventh member. */
const takesFolders = ({ run }: ExecutionSpec, folders: Execution['folders']): boolean =>
  folders !== undefined && !('language' in run && run.language === 'binary');
