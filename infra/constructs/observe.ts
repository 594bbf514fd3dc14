import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { metricsNamespace } from '../../functions/shared/metric-names.ts';
import type { EngineFunction } from './engine-function.ts';

export interface ObserveProps {
  /** Begins the names of the alarms. */
  readonly name: string;
  /** Messages that were received too often. */
  readonly dead: sqs.IQueue;
  /** Records that the fan-out could not handle in a day. */
  readonly refused: sqs.IQueue;
  readonly fanOut: EngineFunction;
  readonly api: EngineFunction;
  /** All functions whose errors count. */
  readonly functions: readonly Pick<EngineFunction, 'logGroup'>[];
  /** A topic that is there already, and is told when an alarm begins and ends. */
  readonly alarmTopic?: string;
}

/** Of a record in the feed until it is handled: far beyond what deciders that keep up need. */
const feedLagMax = Duration.minutes(1);

/**
 * Alarms, as few as tell of everything: each metric that one looks at costs $0.10 a month, whether anything runs or not.
 * Errors are counted in the logs, by one metric for all functions. That costs nothing while there are none, and sees what
 * Lambda's own count does not: a batch that was handed back in part.
 */
export class Observe extends Construct {
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, props: ObserveProps) {
    super(scope, id);
    const { dead, refused, fanOut, api, alarmTopic } = props;
    const waiting = (queue: sqs.IQueue) =>
      queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1) });
    this.alarms = [
      this.#alarm(props, 'dead-letters', {
        metric: waiting(dead),
        why: 'Messages were received too often. The sweep judges them, once a minute: they should be gone soon.',
        minutes: 10,
      }),
      this.#alarm(props, 'refused-records', {
        metric: waiting(refused),
        why: 'Records of the feed could not be handled in a day. The sweep finds their runs; why is in the fan-out log.',
      }),
      this.#alarm(props, 'feed-lag', {
        metric: oldest(fanOut.function),
        why: 'The fan-out does not keep up with the feed: it fails, is throttled, or decidersPerShard is too small.',
        above: feedLagMax.toMilliseconds(),
        minutes: 5,
      }),
      this.#alarm(props, 'errors', {
        metric: this.#errors(props),
        why: 'A function failed, ran out of time or logged an error: its log says why.',
      }),
      ...Object.entries({ 'throttled-fan-out': fanOut, 'throttled-api': api }).map(([what, of]) =>
        this.#alarm(props, what, {
          metric: of.function.metricThrottles({ period: Duration.minutes(1) }),
          why: "The account's concurrency, or the function's own, is used up.",
        }),
      ),
    ];
    if (alarmTopic === undefined) return;
    const action = new SnsAction(sns.Topic.fromTopicArn(this, 'Topic', alarmTopic));
    for (const alarm of this.alarms) {
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
    }
  }

  #alarm({ name }: ObserveProps, what: string, watched: Watched): cloudwatch.Alarm {
    const { metric, why, above = 0, minutes = 1 } = watched;
    return new cloudwatch.Alarm(this, what, {
      alarmName: `${name}-${what}`,
      alarmDescription: why,
      metric,
      threshold: above,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: minutes,
      // Nothing happens, so nothing is measured.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
  }

  #errors({ name, functions }: ObserveProps): cloudwatch.Metric {
    const metric = { metricNamespace: metricsNamespace, metricName: `Errors-${name}` };
    functions.forEach(({ logGroup }, n) => {
      new logs.MetricFilter(this, `Errors${n}`, {
        ...metric,
        logGroup,
        filterPattern: logs.FilterPattern.anyTerm(...errorTerms),
      });
    });
    const { metricNamespace: namespace, metricName } = metric;
    const period = Duration.minutes(1);
    return new cloudwatch.Metric({ namespace, metricName, period, statistic: 'sum' });
  }
}

interface Watched {
  readonly metric: cloudwatch.IMetric;
  readonly why: string;
  /** Default: 0. */
  readonly above?: number;
  /** For so long it has to be above. Default: 1. */
  readonly minutes?: number;
}

/** What functions log of an error, and Lambda of one that it ended. */
const errorTerms = ['"level":"ERROR"', 'Status: timeout', 'Status: error', 'Runtime exited'];

const oldest = (fn: lambda.IFunction): cloudwatch.Metric =>
  fn.metric('IteratorAge', { period: Duration.minutes(1), statistic: 'max' });
