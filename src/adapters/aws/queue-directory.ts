import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  type QueueAttributeName,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { insist, type Patience } from './insist.ts';

/** The queue for messages that were received too often. */
export const deadQueue = 'dead';

/** Where queues are. */
export interface QueueDirectory {
  /** Undefined: there is no such queue. */
  url(queue: string): Promise<string | undefined>;
  /** The queue that SQS knows under this name, which is the end of its address. */
  named(sqsName: string): string;
}

const lastPart = (address: string): string => address.slice(address.lastIndexOf('/') + 1);

/** Queues of a deployment: all that there are. */
export function deployedQueues(urls: Readonly<Record<string, string>>): QueueDirectory {
  const names = new Map(Object.entries(urls).map(([queue, url]) => [lastPart(url), queue]));
  return {
    url: async (queue) => (Object.hasOwn(urls, queue) ? urls[queue] : undefined),
    named: (sqsName) => names.get(sqsName) ?? sqsName,
  };
}

export interface MadeQueuesOptions {
  readonly client: SQSClient;
  readonly patience: Patience;
  /** Begins every queue's name. */
  readonly prefix: string;
  /** How often a message is delivered before it goes to the dead letters. */
  readonly receivesMax: number;
}

/** Queues that are made when they are first asked for: for an AWS on this machine, which nobody deploys to. */
export function madeQueues(options: MadeQueuesOptions): QueueDirectory {
  const urls = new Map<string, Promise<string>>();
  const once = (queue: string): Promise<string> => {
    let url = urls.get(queue);
    if (url === undefined) {
      url = make(options, queue, once);
      urls.set(queue, url);
      url.catch(() => urls.delete(queue));
    }
    return url;
  };
  return { url: once, named: (sqsName) => sqsName.slice(options.prefix.length) };
}

async function make(
  { client, patience, prefix, receivesMax }: MadeQueuesOptions,
  queue: string,
  other: (queue: string) => Promise<string>,
): Promise<string> {
  const attributes: { [name in QueueAttributeName]?: string } = {};
  if (queue !== deadQueue) {
    const deadLetterTargetArn = await arnOf(client, patience, await other(deadQueue));
    const policy = { deadLetterTargetArn, maxReceiveCount: String(receivesMax) };
    attributes.RedrivePolicy = JSON.stringify(policy);
  }
  const { QueueUrl } = await insist(patience, `make queue ${queue}`, () =>
    client.send(new CreateQueueCommand({ QueueName: prefix + queue, Attributes: attributes })),
  );
  return QueueUrl as string;
}

async function arnOf(client: SQSClient, patience: Patience, QueueUrl: string): Promise<string> {
  const { Attributes } = await insist(patience, 'look at the dead letters', () =>
    client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] })),
  );
  return Attributes?.QueueArn as string;
}
