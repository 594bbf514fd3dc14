/** What a deployment costs in a month in which nobody uses it, from what is deployed: its templates. */
import { prices } from '../cost/prices.ts';
import { hoursInMonth, standing } from './prices.ts';
import type { Visits } from './visits.ts';

interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template's properties are whatever AWS takes
  readonly Properties?: any;
}
export interface StackTemplate {
  readonly Resources: Readonly<Record<string, Resource>>;
}

export interface Charge {
  readonly stack: string;
  readonly resource: string;
  readonly type: string;
  readonly what: string;
  readonly usdMonth: number;
}

interface Place {
  readonly resources: StackTemplate['Resources'];
  readonly visits: Visits;
}
type Charges = readonly (readonly [what: string, usdMonth: number])[];
type Rule = (properties: Resource['Properties'], place: Place) => Charges;

const minutesInMonth = hoursInMonth * 60;
/** As long as Lambda looks at an empty queue at a time, and how many look, always. */
const pollSeconds = 20;
const pollersMin = 5;
/** Of a look at an empty deployment: a generous guess. Lambda logs three lines of it. */
const visitSeconds = 0.3;
const visitLogBytes = 600;
const MB = 1024;

/** Paid for by what is in them, or by what they do: nothing while that is nothing. */
const free: Rule = () => [];

const rules: Readonly<Record<string, Rule>> = {
  'AWS::Lambda::EventSourceMapping': eventSource,
  'AWS::Events::Rule': scheduled,
  'AWS::CloudWatch::Alarm': ({ Metrics }) => {
    const looked = Metrics?.filter((one: { MetricStat?: unknown }) => one.MetricStat).length ?? 1;
    return [[`${looked} metric(s) to look at`, looked * standing.alarmMetricMonth]];
  },
  'AWS::EC2::VPCEndpoint': ({ VpcEndpointType }) => {
    if (VpcEndpointType !== 'Gateway') throw new Error('no price is known for such an endpoint');
    return [];
  },
  'AWS::EC2::NatGateway': () => [['hours', hoursInMonth * standing.natHour]],
  'AWS::EC2::EIP': () => [['hours', hoursInMonth * standing.addressHour]],
  ...Object.fromEntries(
    [
      'AWS::ApiGatewayV2::Api',
      'AWS::ApiGatewayV2::Authorizer',
      'AWS::ApiGatewayV2::Integration',
      'AWS::ApiGatewayV2::Route',
      'AWS::ApiGatewayV2::Stage',
      'AWS::DynamoDB::Table',
      // None runs while nothing is to do, unless `runnersMin` says so.
      'AWS::ECS::Cluster',
      'AWS::ECS::Service',
      'AWS::ECS::TaskDefinition',
      'AWS::EC2::InternetGateway',
      'AWS::EC2::Route',
      'AWS::EC2::RouteTable',
      'AWS::EC2::SecurityGroup',
      'AWS::EC2::Subnet',
      'AWS::EC2::SubnetRouteTableAssociation',
      'AWS::EC2::VPC',
      'AWS::EC2::VPCGatewayAttachment',
      'AWS::IAM::ManagedPolicy',
      'AWS::IAM::Policy',
      'AWS::IAM::Role',
      'AWS::Lambda::Function',
      'AWS::Lambda::Permission',
      'AWS::Logs::LogGroup',
      'AWS::Logs::MetricFilter',
      'AWS::S3::Bucket',
      'AWS::S3::BucketPolicy',
      'AWS::SQS::Queue',
      'AWS::SQS::QueuePolicy',
      'Custom::S3AutoDeleteObjects',
    ].map((type) => [type, free]),
  ),
};

/** Lambda asks a queue all the time, and waits for what comes; a stream of a table it reads for nothing. */
function eventSource({
  StartingPosition,
  ProvisionedPollerConfig,
}: Resource['Properties']): Charges {
  const pollers = ProvisionedPollerConfig?.MinimumPollers;
  if (pollers !== undefined)
    return [[`${pollers} pollers`, pollers * hoursInMonth * standing.pollerHour]];
  if (StartingPosition !== undefined) return [];
  const requests = (pollersMin * minutesInMonth * 60) / pollSeconds;
  return [[`${requests} empty receives`, requests * prices.queueRequest]];
}

function scheduled(
  { ScheduleExpression, EventPattern, Targets }: Resource['Properties'],
  { resources, visits }: Place,
): Charges {
  // It is called by what happens, and nothing does.
  if (ScheduleExpression === undefined && EventPattern !== undefined) return [];
  return Targets.flatMap(({ Arn }: { Arn: { 'Fn::GetAtt': [string, string] } }): Charges => {
    const target = resources[Arn['Fn::GetAtt'][0]]?.Properties;
    const sizes = target?.Environment?.Variables?.FANFOLD_SCALED;
    const pools = sizes === undefined ? 1 : poolsIn(sizes);
    const visit = visits[sizes === undefined ? ScheduleExpression : 'scale'];
    if (visit === undefined)
      throw new Error(`no price is known for the schedule ${ScheduleExpression}`);
    const { timesInMonth: times, readUnits, queueRequests, writeUnits } = visit;
    const seconds = times * visitSeconds;
    const logGb = (times * visitLogBytes) / 1e9;
    return [
      [`${times} invocations`, times * prices.invocation],
      [`${visitSeconds} s each`, seconds * (target.MemorySize / MB) * prices.gbSecond],
      [`${readUnits} reads each`, times * readUnits * prices.readUnit],
      [
        `${queueRequests * pools} looks at a queue each`,
        times * queueRequests * pools * prices.queueRequest,
      ],
      [`${writeUnits * pools} writes each`, times * writeUnits * pools * prices.writeUnit],
      ['its log', logGb * (standing.logGb + standing.logGbMonth)],
    ];
  });
}

/** How many pools a function sizes, by what it is told: text with the names of services in it. */
const poolsIn = (sizes: unknown): number => JSON.stringify(sizes).split('\\"kind\\":').length - 1;

/** Throws when the templates hold something whose price nobody has written down. */
export function idleBill(
  templates: Readonly<Record<string, StackTemplate>>,
  visits: Visits,
): Charge[] {
  return Object.entries(templates).flatMap(([stack, { Resources: resources }]) =>
    Object.entries(resources).flatMap(([resource, { Type: type, Properties = {} }]) => {
      const rule = rules[type];
      if (rule === undefined) throw new Error(`no price is known for ${resource}, a ${type}`);
      return rule(Properties, { resources, visits }).map(([what, usdMonth]) => ({
        stack,
        resource,
        type,
        what,
        usdMonth,
      }));
    }),
  );
}

export const totalOf = (charges: readonly Charge[]): number =>
  charges.reduce((sum, { usdMonth }) => sum + usdMonth, 0);
