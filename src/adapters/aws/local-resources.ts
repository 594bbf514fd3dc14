import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Clock } from '../../ports/clock.ts';
import { expiryAttribute, tableSchema } from './table-schema.ts';

const activeTriesMax = 100;
const activePauseMs = 50;

/** Makes a table for an AWS on this machine, and answers with the name of its stream once it can be used. */
export async function makeTable(
  client: DynamoDBClient,
  TableName: string,
  clock: Pick<Clock, 'sleep'>,
): Promise<string> {
  await client.send(new CreateTableCommand(tableSchema(TableName)));
  for (let tries = 0; tries < activeTriesMax; tries++) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName }));
    if (Table?.TableStatus === 'ACTIVE' && Table.LatestStreamArn !== undefined) {
      const TimeToLiveSpecification = { AttributeName: expiryAttribute, Enabled: true };
      await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
      return Table.LatestStreamArn;
    }
    await clock.sleep(activePauseMs);
  }
  throw new Error(`table ${TableName} does not become active`);
}

export async function makeBucket(client: S3Client, Bucket: string): Promise<void> {
  await client.send(new CreateBucketCommand({ Bucket }));
}
