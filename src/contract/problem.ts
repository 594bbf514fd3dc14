/** Every refusal a user can meet: its HTTP status, and whether the same call may succeed later. */
export const problems = {
  'input-invalid': { status: 422, retry: false },
  'workflow-invalid': { status: 422, retry: false },
  'schedule-invalid': { status: 422, retry: false },
  'body-invalid': { status: 400, retry: false },
  'body-too-large': { status: 413, retry: false },
  'route-unknown': { status: 404, retry: false },
  'method-unknown': { status: 405, retry: false },
  'run-unknown': { status: 404, retry: false },
  'task-unknown': { status: 404, retry: false },
  'task-exists': { status: 409, retry: false },
  'workflow-unknown': { status: 404, retry: false },
  'schedule-unknown': { status: 404, retry: false },
  'schedule-exists': { status: 409, retry: false },
  'schedule-contended': { status: 409, retry: true },
  'run-exists': { status: 409, retry: false },
  'key-reused': { status: 422, retry: false },
  'run-ended': { status: 409, retry: false },
  'run-archived': { status: 409, retry: false },
  'run-contended': { status: 409, retry: true },
  'data-damaged': { status: 500, retry: false },
  'data-newer': { status: 500, retry: false },
  'data-older': { status: 500, retry: false },
  'data-in-use': { status: 500, retry: true },
  'disk-full': { status: 507, retry: true },
  'not-allowed': { status: 403, retry: false },
  'not-signed-in': { status: 401, retry: false },
  'sign-in-refused': { status: 401, retry: false },
  'token-reused': { status: 401, retry: false },
  'too-many-tries': { status: 429, retry: true },
  'account-unknown': { status: 404, retry: false },
  'account-invalid': { status: 422, retry: false },
  'key-unknown': { status: 404, retry: false },
  'file-unreadable': { status: 422, retry: false },
  'code-invalid': { status: 422, retry: false },
  'code-unknown': { status: 422, retry: false },
  'artifact-unknown': { status: 404, retry: false },
  'package-unknown': { status: 404, retry: false },
  'server-unreachable': { status: 503, retry: true },
  unavailable: { status: 503, retry: true },
} as const;
export type ProblemCode = keyof typeof problems;

/** A place in a file or a value: line and column count from 1. */
export interface Place {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** JSON pointer into the value. */
  readonly pointer?: string;
}

export interface ProblemDetail extends Place {
  readonly message: string;
}

/** The same in each copy of this file that a process has loaded. */
const mark = Symbol.for('fanfold.problem');

/**
 * A refusal: says what was wrong, where, and what to do. Never used as a signal between our own parts. One that another
 * copy of this package made is a Problem too: a workflow's module may import its own.
 */
export class Problem extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && mark in value;
  }

  readonly [mark] = true;
  readonly code: ProblemCode;
  readonly details: readonly ProblemDetail[];

  constructor(code: ProblemCode, message: string, details: readonly ProblemDetail[] = []) {
    super(message);
    this.name = 'Problem';
    this.code = code;
    this.details = details;
  }
}
