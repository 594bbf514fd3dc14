import {
  type ContainerDefinition,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  type ECSClient,
  RegisterTaskDefinitionCommand,
  type TaskDefinition,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { insist, type Patience } from './insist.ts';

/** An image that was pushed, as ECR's event tells. */
export interface PushedImage {
  readonly repository: string;
  readonly digest: string;
  /** Epoch ms. */
  readonly at: number;
}

export interface RevisedService {
  readonly cluster: string;
  readonly service: string;
}

/** Where a container definition says when its image was pushed: events come in no promised order. */
const pushedAt = 'fanfold.pushed-at';

/**
 * Has a service run a pushed image from now on, by a new revision of its task definition. ECS starts new runners first;
 * those at work go when they are done. False: it runs that image already, or a newer one.
 */
export async function reviseImage(
  client: ECSClient,
  patience: Patience,
  { cluster, service }: RevisedService,
  image: PushedImage,
): Promise<boolean> {
  const current = await definitionOf(client, patience, cluster, service);
  const [container, ...others] = current.containerDefinitions ?? [];
  if (container === undefined) throw new Error(`service ${service} has no container`);
  const name = `${registryOf(container)}/${image.repository}@${image.digest}`;
  if (container.image === name || Number(container.dockerLabels?.[pushedAt] ?? 0) > image.at)
    return false;
  const revised: ContainerDefinition = {
    ...container,
    image: name,
    dockerLabels: { ...container.dockerLabels, [pushedAt]: String(image.at) },
  };
  const { taskDefinition } = await insist(patience, `revise ${current.family}`, () =>
    client.send(
      new RegisterTaskDefinitionCommand({
        ...kept(current),
        containerDefinitions: [revised, ...others],
      }),
    ),
  );
  await insist(patience, `update service ${service}`, () =>
    client.send(
      new UpdateServiceCommand({
        cluster,
        service,
        taskDefinition: taskDefinition?.taskDefinitionArn,
      }),
    ),
  );
  return true;
}

async function definitionOf(
  client: ECSClient,
  patience: Patience,
  cluster: string,
  service: string,
): Promise<TaskDefinition> {
  const { services = [] } = await insist(patience, `look at service ${service}`, () =>
    client.send(new DescribeServicesCommand({ cluster, services: [service] })),
  );
  const taskDefinition = services[0]?.taskDefinition;
  if (taskDefinition === undefined) throw new Error(`there is no service ${service}`);
  const described = await insist(patience, `look at ${taskDefinition}`, () =>
    client.send(new DescribeTaskDefinitionCommand({ taskDefinition })),
  );
  if (described.taskDefinition === undefined) throw new Error(`there is no ${taskDefinition}`);
  return described.taskDefinition;
}

/** `<account>.dkr.ecr.<region>.amazonaws.com`, of an image in a registry. */
function registryOf({ image = '' }: ContainerDefinition): string {
  const end = image.indexOf('/');
  if (end <= 0) throw new Error(`image ${image} is in no registry`);
  return image.slice(0, end);
}

/** What of a task definition is its author's, and not told of it by ECS. */
function kept(definition: TaskDefinition) {
  const {
    taskDefinitionArn: _arn,
    revision: _revision,
    status: _status,
    requiresAttributes: _requires,
    compatibilities: _compatibilities,
    registeredAt: _registeredAt,
    registeredBy: _registeredBy,
    deregisteredAt: _deregisteredAt,
    ...own
  } = definition;
  return { ...own, family: definition.family };
}
