import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { objectDays, type RetentionDays } from '../../functions/shared/retention.ts';
import { objectPrefixes } from '../../src/adapters/aws/object-prefixes.ts';
import { expiryAttribute, tableSchema } from '../../src/adapters/aws/table-schema.ts';
import { keptDays } from './safe-queue.ts';

export interface StateProps {
  /** Whether table and bucket stay when the construct goes. */
  readonly keepData: boolean;
  readonly retention: RetentionDays;
  /** One that is there already, with the keys, indexes and the stream that this one would have. */
  readonly table?: dynamodb.ITable;
  readonly bucket?: s3.IBucket;
}

/** All that is kept: the table with its stream, and the bucket. */
export class State extends Construct {
  readonly table: dynamodb.ITable;
  readonly bucket: s3.IBucket;

  constructor(scope: Construct, id: string, { keepData, retention, table, bucket }: StateProps) {
    super(scope, id);
    const removalPolicy = keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    this.table = table ?? (this.#makeTable(keepData, removalPolicy) as dynamodb.ITable);
    this.bucket = bucket ?? (this.#makeBucket(keepData, removalPolicy, retention) as s3.IBucket);
  }

  #makeBucket(
    keepData: boolean,
    removalPolicy: RemovalPolicy,
    retention: RetentionDays,
  ): s3.Bucket {
    const expiration = Duration.days(objectDays(retention));
    return new s3.Bucket(this, 'Bucket', {
      removalPolicy,
      // A bucket with something in it cannot be removed.
      autoDeleteObjects: !keepData,
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [
        // A day after the last queue let go of it, nothing refers to what was too large for a message.
        {
          id: 'messages',
          prefix: objectPrefixes.messages,
          expiration: Duration.days(keptDays + 1),
        },
        // Blobs that are needed for longer are renewed: an object's age is that of its last write.
        { id: 'blobs', prefix: objectPrefixes.blobs, expiration },
        { id: 'logs', prefix: objectPrefixes.logs, expiration },
        { id: 'unfinished', abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
  }

  /** As the adapter wants it: one schema for the cloud and for tests. */
  #makeTable(keepData: boolean, removalPolicy: RemovalPolicy): dynamodb.Table {
    const schema = tableSchema('');
    const table = new dynamodb.Table(this, 'Table', {
      ...keysOf(schema.KeySchema),
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      stream: dynamodb.StreamViewType.NEW_IMAGE,
      timeToLiveAttribute: expiryAttribute,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: keepData },
      deletionProtection: keepData,
      removalPolicy,
    });
    for (const { IndexName, KeySchema } of schema.GlobalSecondaryIndexes ?? [])
      table.addGlobalSecondaryIndex({
        indexName: IndexName as string,
        ...keysOf(KeySchema),
        projectionType: dynamodb.ProjectionType.KEYS_ONLY,
      });
    return table;
  }
}

type Keys = ReturnType<typeof tableSchema>['KeySchema'];

function keysOf(schema: Keys): { partitionKey: dynamodb.Attribute; sortKey: dynamodb.Attribute } {
  const of = (type: 'HASH' | 'RANGE') => ({
    name: schema?.find(({ KeyType }) => KeyType === type)?.AttributeName as string,
    type: dynamodb.AttributeType.STRING,
  });
  return { partitionKey: of('HASH'), sortKey: of('RANGE') };
}
