import { ECSClient } from '@aws-sdk/client-ecs';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { type AwsPlace, triesOnce } from './clients.ts';

export interface PoolClients {
  readonly ecs: ECSClient;
  readonly lambda: LambdaClient;
  close(): void;
}

/** Clients of what runs the pools. Apart from the others, since few functions need them. */
export function poolClients(place: AwsPlace = {}): PoolClients {
  const { agents, options } = triesOnce(place);
  const ecs = new ECSClient(options());
  const lambda = new LambdaClient(options());
  return {
    ecs,
    lambda,
    close() {
      for (const client of [ecs, lambda]) client.destroy();
      agents.httpAgent.destroy();
      agents.httpsAgent.destroy();
    },
  };
}
