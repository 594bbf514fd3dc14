/**
 * The words between an executor and the processes of tasks, as `runtime-images/PROTOCOL.md` explains them. JSON Schemas
 * for those who write a harness in another language are printed from here, by `npm run protocol`.
 */
import * as z from 'zod';
import { failureReasons, Run } from './workflow.ts';

const AnyJson = z.json();
/** A number that the executor has given to a call. */
const CallId = z.int().min(0);
const EpochMs = z.int().min(0);
const Us = z.int().min(0);

/** What task code may say while it runs: a line on a program's control channel, the end of a `say` of a warm process. */
export const ControlMessage = z.looseObject({
  /** I am alive. */
  beat: z.looseObject({}).optional(),
  /** I am at this step. */
  step: z.string().optional(),
  /** This part of all is done. */
  progress: z.number().min(0).max(1).optional(),
  /** Asks for a sub-task. */
  spawn: z
    .looseObject({
      key: z.string().optional(),
      with: AnyJson.optional(),
      run: Run.optional(),
      detached: z.boolean().optional(),
    })
    .optional(),
  /** Lines for the log. */
  log: z.string().optional(),
  /** What is to happen once: is it mine to have? With a value: it gave this. Answered under the number `ask`. */
  once: z.looseObject({ key: z.string().min(1).max(1000), value: AnyJson.optional() }).optional(),
  ask: z.int().optional(),
});

export const OnceAnswer = z.union([
  z.strictObject({ mine: z.literal(true) }),
  z.strictObject({ kept: z.literal(true) }),
  z.strictObject({ value: AnyJson }),
  z.strictObject({ wait: z.number().min(0) }),
  z.strictObject({ error: z.string() }),
]);

/** How a call failed. */
export const CallError = z.looseObject({
  reason: z.enum(failureReasons),
  name: z.string().optional(),
  message: z.string(),
  exitCode: z.int().optional(),
  signal: z.string().optional(),
  stack: z.string().optional(),
});

/** A line to a harness. */
export const ToHarness = z.union([
  z.tuple([z.literal('define'), z.int().min(0), Run, z.string().nullable()]),
  z.tuple([
    z.literal('call'),
    z.int().min(0),
    z.array(
      z.tuple([
        CallId,
        AnyJson.describe('input'),
        z.string().describe('run'),
        z.string().describe('task'),
        z.int().min(1).describe('attempt'),
        z.string().describe('workflow'),
      ]),
    ),
  ]),
  z.tuple([z.literal('cancel'), CallId]),
  z.tuple([z.literal('recall')]),
  z.tuple([z.literal('answer'), CallId, z.int(), OnceAnswer]),
]);

/** A line from a harness. */
export const FromHarness = z.union([
  z.tuple([
    z.literal('ready'),
    z.string().nullable().optional().describe('signal'),
    z.tuple([z.int(), z.int()]).optional().describe('pipes with its stdout and stderr'),
  ]),
  z.tuple([z.literal('done'), CallId, EpochMs, Us, AnyJson, Us.optional()]),
  z.tuple([z.literal('fail'), CallId, EpochMs, Us, CallError, Us.optional()]),
  z.tuple([z.literal('log'), CallId, EpochMs, z.int().min(0).max(2), z.array(z.string())]),
  z.tuple([z.literal('say'), CallId, EpochMs, ControlMessage]),
  z.tuple([z.literal('recalled')], CallId),
  z.tuple([z.literal('fatal'), CallId, CallError]),
  z.tuple([z.literal('memory'), z.number().min(0)]),
]);

/** By the names of the files that they are printed into. */
export const protocolSchemas = {
  'control-message': ControlMessage,
  'once-answer': OnceAnswer,
  'to-harness': ToHarness,
  'from-harness': FromHarness,
} as const;

/** The text of `runtime-images/protocol/<name>.schema.json`. */
export function printProtocol(name: keyof typeof protocolSchemas): string {
  const schema = z.toJSONSchema(protocolSchemas[name], { io: 'input' });
  return `${JSON.stringify({ title: `Fanfold: ${name}`, ...schema }, null, 2)}\n`;
}
