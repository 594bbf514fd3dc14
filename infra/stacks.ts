import { type App, CfnOutput, type Environment, Stack } from 'aws-cdk-lib';
import { ZonedStack } from './constructs/zoned-stack.ts';
import { makeParts } from './parts.ts';
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
  readonly observe: Stack;
}

export function makeStacks(app: App, { env, ...props }: StacksProps): Stacks {
  const { name } = props.settings;
  const stack = (part: string): Stack => new Stack(app, `${name}-${part}`, env ? { env } : {});
  const stacks = {
    state: stack('state'),
    control: stack('control'),
    runners: new ZonedStack(app, `${name}-runners`, env ? { env } : {}),
    observe: stack('observe'),
  };
  const { control } = makeParts(stacks, { ...props, name });
  const url = control.api.apiEndpoint;
  new CfnOutput(stacks.control, 'ApiUrl', { value: url, description: 'Where the API is' });
  new CfnOutput(stacks.control, 'FirstCommand', { value: `npx fanfold ls --url ${url}` });
  return stacks;
}
