import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { indexNames } from '../../ports/table.ts';
import { indexKeys } from './row.ts';

/** The attribute by which DynamoDB lets items expire: epoch seconds. */
export const expiryAttribute = 'x';

/** What a table must look like: keys, sparse indexes of keys only, and a stream of new images. */
export function tableSchema(tableName: string): CreateTableCommandInput {
  const keys = indexNames.map((name) => indexKeys[name]);
  const attributes = ['p', 's', ...keys.flatMap(({ partition, sort }) => [partition, sort])];
  return {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: attributes.map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S',
    })),
    KeySchema: schemaOf('p', 's'),
    GlobalSecondaryIndexes: indexNames.map((name) => ({
      IndexName: name,
      KeySchema: schemaOf(indexKeys[name].partition, indexKeys[name].sort),
      Projection: { ProjectionType: 'KEYS_ONLY' },
    })),
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
  };
}

function schemaOf(partition: string, sort: string): CreateTableCommandInput['KeySchema'] {
  return [
    { AttributeName: partition, KeyType: 'HASH' },
    { AttributeName: sort, KeyType: 'RANGE' },
  ];
}
