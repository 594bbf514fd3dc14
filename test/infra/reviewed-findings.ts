/** What cdk-nag's AwsSolutions pack finds and we keep, each with its reason: the one place where that is said. */
export interface Reviewed {
  readonly finding: RegExp;
  /** Where it may be found, and nowhere else. */
  readonly at: RegExp;
  readonly reason: string;
}

export const reviewedFindings: readonly Reviewed[] = [
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*Bucket.*\/(blobs|messages|logs)\/\*\]$/,
    at: /\/Role\/DefaultPolicy\//,
    reason:
      'Objects are named by what is in them, or by when it was logged, so a right cannot name each; it names one prefix of one bucket.',
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::\*\]$/,
    at: /\/FanOut\/Role\/DefaultPolicy\//,
    reason: 'dynamodb:ListStreams, which Lambda needs to find the stream, cannot be narrowed.',
  },
  {
    finding: /^AwsSolutions-S1$/,
    at: /\/State\/Bucket\//,
    reason:
      'Only the functions reach the bucket, and who asked them for what is in the access log of the API; a log of its own would be a second bucket, which outlives the stacks.',
  },
  {
    finding: /^AwsSolutions-SQS3$/,
    at: /\/Refused\//,
    reason:
      'It is the end for records that the fan-out refused: nothing takes from it, so nothing can fail.',
  },
];
