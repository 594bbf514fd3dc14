import { Problem, problems } from '../contract/problem.ts';
import { Unavailable } from '../ports/table.ts';

/** Whether an error is of the kind that goes away: the same call may work later. */
export const mayPass = (error: unknown): boolean =>
  error instanceof Unavailable || (error instanceof Problem && problems[error.code].retry);
