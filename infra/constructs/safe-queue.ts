import { Duration } from 'aws-cdk-lib';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/** As long as SQS keeps a message at most. */
export const keptDays = 14;

/** A queue that is encrypted with SQS's own keys, spoken to over TLS only, and keeps what it gets for as long as it can. */
export function safeQueue(scope: Construct, id: string, props: sqs.QueueProps = {}): sqs.Queue {
  return new sqs.Queue(scope, id, {
    retentionPeriod: Duration.days(keptDays),
    ...props,
    encryption: sqs.QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
  });
}
