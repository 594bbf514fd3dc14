import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';

/** Where AWS is, when it is not where the SDK looks for it by itself. */
export interface AwsPlace {
  readonly region?: string;
  /** Of an AWS on this machine. */
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface AwsClients {
  readonly dynamo: DynamoDBClient;
  readonly streams: DynamoDBStreamsClient;
  readonly sqs: SQSClient;
  readonly s3: S3Client;
  close(): void;
}

const socketsMax = 128;
const connectMsMax = 3_000;
/** Silence of so long is no answer. A queue is waited at for 20 s. */
const answerMsMax = 10_000;
const queueAnswerMsMax = 30_000;

/** What all clients have alike: they try once, since who calls them knows what may be tried again, and what that means. */
export function triesOnce(place: AwsPlace) {
  const agents = {
    httpAgent: new HttpAgent({ keepAlive: true, maxSockets: socketsMax }),
    httpsAgent: new HttpsAgent({ keepAlive: true, maxSockets: socketsMax }),
  };
  return {
    agents,
    options: (requestTimeout: number = answerMsMax) => ({
      ...place,
      maxAttempts: 1,
      requestHandler: {
        ...agents,
        connectionTimeout: connectMsMax,
        requestTimeout,
        throwOnRequestTimeout: true,
      },
    }),
  };
}

export function awsClients(place: AwsPlace = {}): AwsClients {
  const { agents, options } = triesOnce(place);
  const dynamo = new DynamoDBClient(options());
  const streams = new DynamoDBStreamsClient(options());
  const sqs = new SQSClient(options(queueAnswerMsMax));
  // An address of its own for each bucket is nothing that a machine without a name can have.
  const s3 = new S3Client({
    ...options(queueAnswerMsMax),
    forcePathStyle: place.endpoint !== undefined,
  });
  return {
    dynamo,
    streams,
    sqs,
    s3,
    close() {
      for (const client of [dynamo, streams, sqs, s3]) client.destroy();
      agents.httpAgent.destroy();
      agents.httpsAgent.destroy();
    },
  };
}
