import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ContainerEnv, RunnerEnv } from '../../functions/shared/env.ts';
import { type FargatePoolSettings, runnerCapacity } from '../pool-settings.ts';
import type { Network } from './network.ts';
import { enginesRights, statementsFor } from './rights.ts';
import { containerImage } from './runner-image.ts';
import { engineEnv, type Surroundings } from './surroundings.ts';

export interface FargatePoolProps extends Surroundings {
  readonly pool: string;
  readonly queue: sqs.IQueue;
  readonly settings: FargatePoolSettings;
  readonly network: Network;
  /** Holds one folder for each language, with a Dockerfile. */
  readonly imagesFolder: string;
}

/** Who runs in the container, as its image says too. */
const user = '10001:10001';
/** The only places that can be written to. */
const workFolder = '/work';
const volumes = { work: workFolder, tmp: '/tmp' } as const;

/** Runners of a pool as a service of Fargate, whose count is 0 until `scale` wants more. */
export class FargatePool extends Construct {
  readonly service: ecs.FargateService;
  readonly definition: ecs.FargateTaskDefinition;

  constructor(scope: Construct, id: string, props: FargatePoolProps) {
    super(scope, id);
    this.definition = this.#define(props);
    this.service = this.#serve(props);
    this.#allow(props);
  }

  #define(props: FargatePoolProps): ecs.FargateTaskDefinition {
    const { settings, pool } = props;
    const definition = new ecs.FargateTaskDefinition(this, 'Task', {
      cpu: settings.cpu,
      memoryLimitMiB: settings.memoryMb,
      ...(settings.diskMb > 20 * 1024 && { ephemeralStorageGiB: settings.diskMb / 1024 }),
      runtimePlatform: {
        cpuArchitecture:
          settings.architecture === 'arm64'
            ? ecs.CpuArchitecture.ARM64
            : ecs.CpuArchitecture.X86_64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
      volumes: Object.keys(volumes).map((name) => ({ name })),
    });
    const linuxParameters = new ecs.LinuxParameters(this, 'Linux');
    linuxParameters.dropCapabilities(ecs.Capability.ALL);
    const container = definition.addContainer('runner', {
      image: containerImage(this, { ...settings, imagesFolder: props.imagesFolder }),
      environment: environment(this, props),
      user,
      readonlyRootFilesystem: true,
      linuxParameters,
      // Told to end, it hands back what it cannot end in time.
      stopTimeout: Duration.seconds(120),
      logging: ecs.LogDrivers.awsLogs({
        streamPrefix: pool,
        // A log that cannot be written must not stop what runs.
        mode: ecs.AwsLogDriverMode.NON_BLOCKING,
        logGroup: new logs.LogGroup(this, 'Logs', {
          retention: props.logDays,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      }),
    });
    for (const [sourceVolume, containerPath] of Object.entries(volumes))
      container.addMountPoints({ sourceVolume, containerPath, readOnly: false });
    return definition;
  }

  #serve({ network, settings: { spotShare } }: FargatePoolProps): ecs.FargateService {
    const spot = Math.round(spotShare * 100);
    const shares = [
      { capacityProvider: 'FARGATE', weight: 100 - spot },
      { capacityProvider: 'FARGATE_SPOT', weight: spot },
    ];
    return new ecs.FargateService(this, 'Service', {
      cluster: network.cluster,
      taskDefinition: this.definition,
      desiredCount: 0,
      capacityProviderStrategies: shares.filter(({ weight }) => weight > 0),
      // Of a new version the runners come before the old ones go, and those go when they are done.
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { enable: true, rollback: true },
      securityGroups: [network.securityGroup],
      vpcSubnets: network.subnets,
      assignPublicIp: network.assignPublicIp,
      enableExecuteCommand: false,
    });
  }

  #allow(props: FargatePoolProps): void {
    const { taskRole } = this.definition;
    for (const statement of statementsFor([...enginesRights, 'write logs'], props))
      taskRole.addToPrincipalPolicy(statement);
    props.queue.grantConsumeMessages(taskRole);
    // A runner keeps ECS from ending it while it is at work. Its own name it learns when it runs.
    taskRole.addToPrincipalPolicy(
      new iam.PolicyStatement({
        actions: ['ecs:GetTaskProtection', 'ecs:UpdateTaskProtection'],
        resources: [
          Stack.of(this).formatArn({
            service: 'ecs',
            resource: 'task',
            resourceName: `${props.network.cluster.clusterName}/*`,
          }),
        ],
      }),
    );
  }
}

function environment(scope: Construct, props: FargatePoolProps): Record<string, string> {
  const runner: RunnerEnv = {
    FANFOLD_POOL: props.pool,
    FANFOLD_SLOTS: String(props.settings.slots),
    FANFOLD_CAPACITY: JSON.stringify(runnerCapacity(props.settings)),
  };
  const container: ContainerEnv = { FANFOLD_WORK: workFolder };
  return { ...engineEnv(scope, props), ...runner, ...container };
}
