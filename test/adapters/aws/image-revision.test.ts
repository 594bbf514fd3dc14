import { describe, expect, test } from '@jest/globals';
import { reviseImage } from '../../../src/adapters/aws/image-revision.ts';
import { poolClients } from '../../../src/adapters/aws/pool-clients.ts';
import { failure, nowhere, quickPatience, stub } from '../../support/aws-stub.ts';

const registry = '123456789012.dkr.ecr.us-east-1.amazonaws.com';
const place = { cluster: 'pools', service: 'slow' };
const image = (digest: string, at: number) => ({ repository: 'runners', digest, at });

/** One service, and the task definitions that were registered for it. */
function openService(throttles = 0) {
  let left = throttles;
  const definitions = [
    {
      taskDefinitionArn: 'slow:1',
      revision: 1,
      status: 'ACTIVE',
      registeredAt: new Date(0),
      requiresAttributes: [{ name: 'x' }],
      compatibilities: ['FARGATE'],
      family: 'slow',
      cpu: '1024',
      memory: '2048',
      taskRoleArn: 'role',
      volumes: [{ name: 'work' }],
      containerDefinitions: [
        {
          name: 'runner',
          image: `${registry}/runners:stable`,
          environment: [{ name: 'A', value: '1' }],
        },
        { name: 'beside', image: 'other:1' },
      ],
    },
  ];
  let current = 'slow:1';
  const { client, calls } = stub(poolClients(nowhere).ecs, (command, input: never) => {
    if (left-- > 0) throw failure('ThrottlingException');
    const given = input as { taskDefinition: string };
    if (command === 'DescribeServices') return { services: [{ taskDefinition: current }] };
    if (command === 'DescribeTaskDefinition')
      return {
        taskDefinition: definitions.find(
          ({ taskDefinitionArn: arn }) => arn === given.taskDefinition,
        ),
      };
    if (command === 'RegisterTaskDefinition') {
      const taskDefinitionArn = `slow:${definitions.length + 1}`;
      definitions.push({ ...(input as (typeof definitions)[0]), taskDefinitionArn });
      return { taskDefinition: { taskDefinitionArn } };
    }
    current = given.taskDefinition;
    return {};
  });
  const counts = () => calls.filter(({ input }) => 'desiredCount' in input);
  return {
    client,
    calls,
    counts,
    current: () => definitions.find(({ taskDefinitionArn: arn }) => arn === current),
  };
}

describe('an image that was pushed', () => {
  test('is run by a new revision, which is else as it was', async () => {
    const { client, calls, counts, current } = openService();
    expect(await reviseImage(client, quickPatience(), place, image('sha256:aa', 7))).toBe(true);
    expect(current()).toEqual({
      taskDefinitionArn: 'slow:2',
      family: 'slow',
      cpu: '1024',
      memory: '2048',
      taskRoleArn: 'role',
      volumes: [{ name: 'work' }],
      containerDefinitions: [
        {
          name: 'runner',
          image: `${registry}/runners@sha256:aa`,
          environment: [{ name: 'A', value: '1' }],
          dockerLabels: { 'fanfold.pushed-at': '7' },
        },
        { name: 'beside', image: 'other:1' },
      ],
    });
    const updates = calls.filter(({ command }) => command === 'UpdateService');
    expect(updates.map(({ input }) => input)).toEqual([{ ...place, taskDefinition: 'slow:2' }]);
    // How many runners there are is not its business.
    expect(counts()).toEqual([]);
  });

  test('is told of twice, and revised once', async () => {
    const { client, calls } = openService();
    const pushed = image('sha256:aa', 7);
    const first = await reviseImage(client, quickPatience(), place, pushed);
    const second = await reviseImage(client, quickPatience(), place, pushed);
    expect([first, second]).toEqual([true, false]);
    expect(calls.filter(({ command }) => command === 'RegisterTaskDefinition')).toHaveLength(1);
  });

  test('does not take the place of one that was pushed later and told of sooner', async () => {
    const { client, current } = openService();
    await reviseImage(client, quickPatience(), place, image('sha256:bb', 9));
    expect(await reviseImage(client, quickPatience(), place, image('sha256:aa', 7))).toBe(false);
    expect(current()?.containerDefinitions[0]?.image).toContain('sha256:bb');
  });

  test('is waited for while ECS throttles', async () => {
    const { client, current } = openService(3);
    await reviseImage(client, quickPatience(), place, image('sha256:aa', 7));
    expect(current()?.containerDefinitions[0]?.image).toContain('sha256:aa');
  });

  test('of a service that is gone is told of', async () => {
    const { client } = stub(poolClients(nowhere).ecs, () => ({ services: [] }));
    await expect(
      reviseImage(client, quickPatience(), place, image('sha256:aa', 7)),
    ).rejects.toThrow('there is no service slow');
  });
});
