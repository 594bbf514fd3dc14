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
    at: /\/(Role\/DefaultPolicy|TaskRole\/DefaultPolicy|Runner)\//,
    reason:
      'Objects are named by what is in them, or by when it was logged, so a right cannot name each; it names one prefix of one bucket.',
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::\*\]$/,
    at: /\/(FanOut\/Role|Images\/Role|Task\/ExecutionRole)\/DefaultPolicy\//,
    reason:
      'What cannot be narrowed: dynamodb:ListStreams, by which Lambda finds the stream, ecr:GetAuthorizationToken, by which ECS may pull, and ecs:DescribeTaskDefinition.',
  },
  {
    finding: /^AwsSolutions-S1$/,
    at: /\/State\/Bucket\//,
    reason:
      'Only the functions reach the bucket, and who asked them for what is in the access log of the API; a log of its own would be a second bucket, which outlives the stacks.',
  },
  {
    finding: /^AwsSolutions-SQS3$/,
    at: /\/(Refused|Ticks)\//,
    reason:
      'Refused is the end for records that the fan-out refused: nothing takes from it, so nothing can fail. A tick that fails is followed by another within a minute.',
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*:(task\/.*\/\*|task-definition\/.*:\*)\]$/,
    at: /\/(Task\/TaskRole|Images\/Role)\/DefaultPolicy\//,
    reason:
      'The name of a task of ECS, and the number of a revision, are given when it comes to be: a runner may protect tasks of its cluster, and an image may become a revision of its own family.',
  },
  {
    finding: /^AwsSolutions-VPC7$/,
    at: /\/Network\/Vpc\//,
    reason:
      'Nobody can call a runner; a log of whom they call costs more than most deployments, and can be had by a network of your own (`vpcId`).',
  },
  {
    finding: /^AwsSolutions-ECS4$/,
    at: /\/Network\/Cluster\//,
    reason:
      'Container Insights is some dozen metrics for each service, at $0.30 a month each; what runners do is counted in the table.',
  },
  {
    finding: /^AwsSolutions-ECS2$/,
    at: /\/Task\//,
    reason:
      'The environment of runners is names: of a table, a bucket and queues. No secret is in it.',
  },
];
