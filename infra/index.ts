/** Fanfold for apps of the AWS CDK: all of it as one construct, or part by part. */
export { bundledFunctions, bundledImages } from './code-folder.ts';
export { Control, type ControlProps } from './constructs/control.ts';
export { DatacenterPool, type DatacenterPoolProps } from './constructs/datacenter-pool.ts';
export { EngineFunction, type EngineFunctionProps } from './constructs/engine-function.ts';
export { FargatePool, type FargatePoolProps } from './constructs/fargate-pool.ts';
export { LambdaPool, type LambdaPoolProps } from './constructs/lambda-pool.ts';
export { Network } from './constructs/network.ts';
export { Observe, type ObserveProps } from './constructs/observe.ts';
export { Queues, type QueuesProps } from './constructs/queues.ts';
export { type RightName, rights } from './constructs/rights.ts';
export { Scale, type ScaleProps } from './constructs/scale.ts';
export { State, type StateProps } from './constructs/state.ts';
export type { FunctionNetwork, Surroundings } from './constructs/surroundings.ts';
export { Fanfold, type FanfoldProps } from './fanfold.ts';
export { type Existing, makeParts, type Parts, type PartsProps, type Scopes } from './parts.ts';
export { parseSettings, type Settings, type SettingsInput, settingsSchema } from './settings.ts';
