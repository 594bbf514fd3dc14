import { join } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { allowEngine, engineEnv, type Surroundings } from './surroundings.ts';

export interface EngineFunctionProps extends Surroundings {
  /** The folder of its code. */
  readonly code: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** A function with the engine in it, and the rights that every part of the engine needs. */
export class EngineFunction extends Construct {
  readonly function: lambda.Function;

  constructor(scope: Construct, id: string, props: EngineFunctionProps) {
    super(scope, id);
    this.function = new lambda.Function(this, 'Function', {
      runtime: new lambda.Runtime('nodejs24.x', lambda.RuntimeFamily.NODEJS),
      architecture: lambda.Architecture.ARM_64,
      handler: 'index.handler',
      code: lambda.Code.fromAsset(join(props.codeFolder, props.code)),
      memorySize: props.memoryMb,
      timeout: Duration.seconds(props.timeoutSeconds),
      environment: { ...engineEnv(this, props), ...props.env },
      logGroup: new logs.LogGroup(this, 'Logs', {
        retention: props.logDays,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
    });
    allowEngine(this.function, props);
  }
}
