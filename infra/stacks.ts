import { type App, CfnOutput, type Environment, Stack } from 'aws-cdk-lib';
import { Control } from './constructs/control.ts';
import { makePools } from './constructs/pools.ts';
import { Queues } from './constructs/queues.ts';
import { State } from './constructs/state.ts';
import { scaledPools } from './pool-settings.ts';
import type { Settings } from './settings.ts';

export interface StacksProps {
  readonly settings: Settings;
  /** Holds one folder for each function. */
  readonly codeFolder: string;
  /** Holds one folder for each language that images of runners are built for. */
  readonly imagesFolder: string;
  /** None when only templates are wanted. */
  readonly env?: Environment;
}

/** What is deployed, in stacks: what holds state outlives what holds code. */
export interface Stacks {
  readonly state: Stack;
  readonly control: Stack;
  readonly runners: Stack;
}

export function makeStacks(
  app: App,
  { settings, codeFolder, imagesFolder, env }: StacksProps,
): Stacks {
  const stack = (part: string): Stack =>
    new Stack(app, `${settings.name}-${part}`, env === undefined ? {} : { env });
  const { pools, keepData, namespace, logDays, decidersPerShard } = settings;
  const { archiveAfterDays, keepDays } = settings;
  const retention = { archiveAfterDays, keepDays };

  const stateStack = stack('state');
  const state = new State(stateStack, 'State', { keepData, retention });
  const queues = new Queues(stateStack, 'Queues', { pools, scaled: scaledPools(pools).length > 0 });
  const surroundings = { state, queues, namespace, logDays, codeFolder, retention };

  const controlStack = stack('control');
  const control = new Control(controlStack, 'Control', {
    ...surroundings,
    decidersPerShard,
    pools,
  });
  const runnersStack = stack('runners');
  makePools(runnersStack, { ...surroundings, imagesFolder, settings });

  const url = control.api.apiEndpoint;
  new CfnOutput(controlStack, 'ApiUrl', { value: url, description: 'Where the API is' });
  new CfnOutput(controlStack, 'FirstCommand', { value: `npx fanfold ls --url ${url}` });
  return { state: stateStack, control: controlStack, runners: runnersStack };
}
