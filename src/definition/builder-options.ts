import type { FunctionLanguage, Language } from '../contract/language.ts';
import type { Rule } from '../contract/workflow.ts';
import { outputOf, type Reference, type Template } from './handles.ts';

/** A length of time: `90s`, `5m`, `2h`, `1d`, `250ms`. */
export type Time = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

export type BackoffOptions =
  | Time
  | `${Time}..${Time}`
  | {
      readonly shape?: 'exponential' | 'linear' | 'fixed' | 'list';
      readonly min?: Time;
      readonly max?: Time;
      readonly factor?: number;
      readonly jitter?: 'full' | 'none';
      readonly delays?: readonly Time[];
    };

/** An amount of memory or disk: `512MB`, `4GB`. */
export type Size = `${number}${'MB' | 'GB' | 'TB'}`;

export interface ResourceOptions {
  /** Processors, or parts of one. */
  readonly cpu?: number;
  readonly memory?: Size;
  /** In the attempt's own folder. */
  readonly disk?: Size;
  readonly gpu?: number;
}

export interface RetryOptions {
  /** The first one included. */
  readonly attempts?: number;
  readonly backoff?: BackoffOptions;
  readonly total?: Time;
  readonly on?: readonly {
    readonly exitCode?: number | readonly number[];
    readonly error?: string | readonly string[];
    readonly reason?: string | readonly string[];
    readonly action?: 'retry' | 'fail';
    readonly attempts?: number;
    readonly backoff?: BackoffOptions;
  }[];
}

/** What a task or step does: one of these, and only one. */
export interface RunOptions {
  /** A script with its arguments, or a line for the shell. */
  readonly run?: string;
  readonly command?: readonly string[];
  readonly shell?: string;
  readonly script?: {
    readonly path: string;
    readonly language?: Language;
    readonly args?: readonly string[];
  };
  /** `tasks/clean.mjs#clean`, called in a warm process; `bin/worker#resize` of a program. */
  readonly function?:
    | string
    | { readonly path: string; readonly name?: string; readonly language?: FunctionLanguage };
  /** The body of a function of `input` and `task`. */
  readonly node?: string;
  readonly python?: string;
  readonly bash?: string;
  readonly sequence?: readonly StepOptions[];
  readonly tandem?: readonly StepOptions[];
  readonly none?: true;
  /** How many calls one warm process takes at a time. */
  readonly concurrency?: number;
}

export type StepOptions =
  | string
  | (RunOptions & { readonly name?: string; readonly with?: Template });

export interface Defaults {
  readonly when?: Extract<Rule, string> | 'failed' | { readonly atLeast: number | `${number}%` };
  readonly pool?: string;
  readonly retries?: number;
  readonly backoff?: BackoffOptions;
  readonly retry?: RetryOptions;
  readonly timeout?: Time;
  readonly grace?: Time;
  readonly queueTimeout?: Time;
  /** How long it may take to install what the code needs. */
  readonly installTimeout?: Time;
  readonly heartbeatTimeout?: Time;
  readonly delivery?: 'claimed' | 'at-least-once' | 'at-most-once';
  readonly onLost?: 'retry' | 'fail';
  readonly lostMax?: number;
  readonly mayFail?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** What an attempt has for itself; `memory` and `disk` are its limits too. */
  readonly resources?: ResourceOptions;
  /** `./folder`, `./file`, `./file.zip`, or a package: `name`, `name@digest`. */
  readonly code?: string;
  /** Whether what the manifests in its code list is installed. Default: `auto` where `code` is given. */
  readonly dependencies?: 'auto' | 'off';
  /** Files that an attempt leaves in `$TASK_ARTIFACTS` are kept, and given to the tasks that need it. */
  readonly artifacts?: boolean;
  readonly concurrency?: number;
}

type Need = string | TaskHandle;

export interface TaskOptions extends Defaults, RunOptions {
  readonly description?: string;
  /** Tasks whose outputs `with` or `each` refer to by a handle are needed without being named here. */
  readonly needs?: Need | readonly Need[];
  readonly with?: Template;
  readonly each?:
    | readonly Template[]
    | Reference
    | string
    | { readonly levels: readonly Template[] };
}

type InputType = 'string' | 'number' | 'integer' | 'boolean' | 'list' | 'map' | 'any';

export interface WorkflowOptions {
  readonly description?: string;
  readonly input?: Readonly<
    Record<
      string,
      | InputType
      | { readonly type: InputType; readonly default?: Template; readonly description?: string }
    >
  >;
  readonly timeout?: Time;
  readonly defaults?: Defaults;
  readonly tasks?: readonly TaskHandle[];
}

/** A task of a workflow that is being written: to be needed by others, and to refer to its output. */
export class TaskHandle {
  readonly id: string;
  readonly options: TaskOptions;
  readonly output: Reference;

  constructor(id: string, options: TaskOptions) {
    this.id = id;
    this.options = options;
    this.output = outputOf(id);
  }
}
