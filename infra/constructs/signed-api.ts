import { RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import * as api from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

export interface SignedApiProps {
  readonly handler: lambda.IFunction;
  readonly logDays: number;
}

/** Who asked for what, and how it was answered. */
const logged = {
  at: '$context.requestTime',
  request: '$context.requestId',
  caller: '$context.identity.userArn',
  from: '$context.identity.sourceIp',
  method: '$context.httpMethod',
  path: '$context.path',
  status: '$context.status',
  bytes: '$context.responseLength',
  ms: '$context.responseLatency',
  error: '$context.integrationErrorMessage',
};

/** An address whose every request must be signed, and is written down. */
export class SignedApi extends Construct {
  readonly api: api.HttpApi;

  constructor(scope: Construct, id: string, { handler, logDays }: SignedApiProps) {
    super(scope, id);
    this.api = new api.HttpApi(this, 'Http', {
      apiName: 'fanfold',
      createDefaultStage: false,
      defaultIntegration: new HttpLambdaIntegration('Integration', handler),
      defaultAuthorizer: new HttpIamAuthorizer(),
    });
    const accesses = new logs.LogGroup(this, 'Accesses', {
      retention: logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new api.HttpStage(this, 'Stage', {
      httpApi: this.api,
      autoDeploy: true,
      accessLogSettings: {
        destination: new api.LogGroupLogDestination(accesses),
        format: AccessLogFormat.custom(JSON.stringify(logged)),
      },
    });
  }
}
