import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { Control } from './constructs/control.ts';
import { EngineFunction } from './constructs/engine-function.ts';
import { ImageWatch } from './constructs/image-watch.ts';
import { Observe } from './constructs/observe.ts';
import { makePools } from './constructs/pools.ts';
import { Queues } from './constructs/queues.ts';
import { State } from './constructs/state.ts';
import type { FunctionNetwork } from './constructs/surroundings.ts';
import { scaledPools } from './pool-settings.ts';
import type { Settings } from './settings.ts';

/** What is there already, and is used instead of what would be made. */
export interface Existing {
  /** With the keys, indexes and the stream that `State` gives its own. */
  readonly table?: dynamodb.ITable;
  readonly bucket?: s3.IBucket;
  /** Queues by pool; the others' are made. A message must stay hidden for as long as an attempt may take. */
  readonly queues?: Readonly<Record<string, sqs.IQueue>>;
  /** Where functions run. Default: in no network, which costs nothing. */
  readonly functionNetwork?: FunctionNetwork;
}

export interface PartsProps {
  readonly settings: Settings;
  /** Begins the names of alarms, which an account has once. */
  readonly name: string;
  /** Holds one folder for each function. */
  readonly codeFolder: string;
  /** Holds one folder for each language that images of runners are built for. */
  readonly imagesFolder: string;
  readonly existing?: Existing;
}

/** Where each part goes: a stack each, or all in one place. */
export interface Scopes {
  readonly state: Construct;
  readonly control: Construct;
  readonly runners: Construct;
  readonly observe: Construct;
}

export interface Parts {
  readonly state: State;
  readonly queues: Queues;
  readonly control: Control;
  readonly observe: Observe;
}

/** All parts of a deployment, each told of those that it works with. */
export function makeParts(scopes: Scopes, props: PartsProps): Parts {
  const { settings, codeFolder, imagesFolder, existing = {} } = props;
  const { pools, namespace, logDays, decidersPerShard, alarmTopic, keepData } = settings;
  const { archiveAfterDays, keepDays } = settings;
  const retention = { archiveAfterDays, keepDays };
  const { table, bucket, functionNetwork } = existing;
  const state = new State(scopes.state, 'State', {
    keepData,
    retention,
    ...(table && { table }),
    ...(bucket && { bucket }),
  });
  const queues = new Queues(scopes.state, 'Queues', {
    pools,
    scaled: scaledPools(pools).length > 0,
    existing: existing.queues ?? {},
  });
  const surroundings = {
    ...{ state, queues, namespace, logDays, codeFolder, retention },
    ...(functionNetwork && { functionNetwork }),
  };
  const control = new Control(scopes.control, 'Control', {
    ...surroundings,
    decidersPerShard,
    pools,
  });
  makePools(scopes.runners, { ...surroundings, imagesFolder, settings });
  const observe = new Observe(scopes.observe, 'Observe', {
    name: props.name,
    dead: queues.dead,
    refused: control.refused,
    fanOut: control.fanOut,
    api: control.answers,
    functions: functionsIn(scopes.control, scopes.runners),
    ...(alarmTopic !== undefined && { alarmTopic }),
  });
  return { state, queues, control, observe };
}

const functionsIn = (...scopes: readonly Construct[]): (EngineFunction | ImageWatch)[] => [
  ...new Set(
    scopes
      .flatMap((scope) => scope.node.findAll())
      .filter((node) => node instanceof EngineFunction || node instanceof ImageWatch),
  ),
];
