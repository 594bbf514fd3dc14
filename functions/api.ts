import { handle, type LambdaEvent } from 'hono/aws-lambda';
import { createApp } from '../src/api/app.ts';
import { acceptForPools } from '../src/definition/known-pools.ts';
import { placing } from '../src/definition/placing.ts';
import { compileTiming } from '../src/definition/timing.ts';
import { createDecider, createEngine, runningFromHeartbeats } from '../src/engine/create-engine.ts';
import { withoutStarts } from '../src/engine/held-starts.ts';
import { deployment } from './shared/deployment.ts';
import { entry } from './shared/entry.ts';
import { poolsEnvSchema, readEnv } from './shared/env.ts';
import { logError } from './shared/log.ts';

const { ports, settings, metrics } = deployment();
// What is due soon is found by the sweep.
const queue = withoutStarts(ports.queue);
const { decider, specs } = createDecider({ ...ports, queue }, settings);
const running = runningFromHeartbeats(ports, settings);
const { FANFOLD_POOLS: pools } = readEnv(poolsEnvSchema);
const accept = placing(pools, acceptForPools(Object.keys(pools)));
const engine = createEngine(decider, specs, accept, running, compileTiming);
const answer = handle(
  createApp(engine, {
    // The gateway has looked at who calls.
    guard: { hosts: 'any' },
    onError: (error, request) => logError(new Error(`request ${request} failed`, { cause: error })),
  }),
);

/** The HTTP API behind API Gateway. */
export const handler = entry(metrics, (event: LambdaEvent) => answer(event));
