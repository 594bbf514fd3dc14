import { join } from 'node:path';
import { Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type RightName, statementsFor } from './rights.ts';
import { engineEnv, type Surroundings } from './surroundings.ts';

export interface EngineFunctionProps extends Surroundings {
  /** The folder of its code, or an image that has it in it. */
  readonly code: string | lambda.Code;
  readonly memoryMb: number;
  /** Default: 512, which costs nothing. */
  readonly diskMb?: number;
  readonly timeoutSeconds: number;
  /** What it may do besides writing its own log. */
  readonly rights: readonly RightName[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A function with a part of the engine in it. */
export class EngineFunction extends Construct {
  readonly function: lambda.Function;
  readonly logGroup: logs.LogGroup;

  constructor(scope: Construct, id: string, props: EngineFunctionProps) {
    super(scope, id);
    this.logGroup = new logs.LogGroup(this, 'Logs', {
      retention: props.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.function = new lambda.Function(this, 'Function', {
      ...codeOf(props),
      architecture: lambda.Architecture.ARM_64,
      memorySize: props.memoryMb,
      ...(props.diskMb !== undefined && { ephemeralStorageSize: Size.mebibytes(props.diskMb) }),
      timeout: Duration.seconds(props.timeoutSeconds),
      environment: { ...engineEnv(this, props), ...props.env },
      role: this.#role(props),
      logGroup: this.logGroup,
      ...props.functionNetwork,
    });
  }

  /** A role of its own: the managed one may write into any log group. */
  #role(props: EngineFunctionProps): iam.Role {
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });
    this.logGroup.grantWrite(role);
    for (const statement of statementsFor(props.rights, props)) role.addToPolicy(statement);
    if (props.functionNetwork !== undefined) role.addManagedPolicy(networkPolicy());
    return role;
  }
}

const codeOf = ({ code, codeFolder }: EngineFunctionProps) =>
  typeof code === 'string'
    ? {
        runtime: new lambda.Runtime('nodejs24.x', lambda.RuntimeFamily.NODEJS),
        handler: 'index.handler',
        code: lambda.Code.fromAsset(join(codeFolder, code)),
      }
    : { runtime: lambda.Runtime.FROM_IMAGE, handler: lambda.Handler.FROM_IMAGE, code };

/** To have an address in a network, for as long as that is needed. */
const networkPolicy = (): iam.IManagedPolicy =>
  iam.ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSLambdaVPCAccessExecutionRole');
