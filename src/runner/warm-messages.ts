import type { AttemptError } from '../contract/execution.ts';
import type { Json } from '../contract/json.ts';

/** What a harness says; see runtime-images/PROTOCOL.md. */
export type Message =
  | ['done', number, number, number, Json, number?]
  | ['fail', number, number, number, AttemptError, number?]
  | ['log', number, number, number, string[]]
  | ['say', number, number, unknown]
  | ['fatal', number, AttemptError]
  | ['recalled', ...number[]]
  | ['ready', NodeJS.Signals?]
  | ['memory', number];
