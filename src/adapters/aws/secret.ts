import type { ECSClient } from '@aws-sdk/client-ecs';
import { AwsClient } from 'aws4fetch';
import { insist, type Patience } from './insist.ts';

/** Any client of the SDK: it knows where AWS is, and who we are. */
type Known = Pick<ECSClient, 'config'>;

const answerMsMax = 10_000;

/** A secret of Secrets Manager, as text. One call, signed by what is here already: the SDK's client is a package more. */
export function secretText({ config }: Known, patience: Patience, arn: string): Promise<string> {
  return insist(patience, `read the secret ${arn}`, async () => {
    const [keys, region, endpoint] = await Promise.all([
      config.credentials(),
      config.region(),
      config.endpoint?.(),
    ]);
    const url = endpoint
      ? `${endpoint.protocol}//${endpoint.hostname}${endpoint.port ? `:${endpoint.port}` : ''}/`
      : `https://secretsmanager.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`;
    const client = new AwsClient({
      ...{ accessKeyId: keys.accessKeyId, secretAccessKey: keys.secretAccessKey },
      ...(keys.sessionToken !== undefined && { sessionToken: keys.sessionToken }),
      ...{ service: 'secretsmanager', region, retries: 0 },
    });
    const answer = await askedOf(client, url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'secretsmanager.GetSecretValue',
      },
      body: JSON.stringify({ SecretId: arn }),
      signal: AbortSignal.timeout(answerMsMax),
    });
    return textIn(arn, answer);
  });
}

/** What Node says of a network it says below what went wrong. */
const askedOf = (client: AwsClient, url: string, request: RequestInit): Promise<Response> =>
  client.fetch(url, request).catch((error: Error) => {
    throw error.cause ?? error;
  });

async function textIn(arn: string, answer: Response): Promise<string> {
  const body = (await answer.json().catch(() => ({}))) as {
    readonly SecretString?: string;
    readonly __type?: string;
    readonly message?: string;
  };
  if (answer.ok && body.SecretString) return body.SecretString;
  const name = answer.ok ? 'NoText' : (body.__type ?? String(answer.status));
  const why = answer.ok ? 'it holds no text' : [name, body.message].filter(Boolean).join(': ');
  // As the SDK has it, by which it is told what may be asked again.
  const $metadata = { httpStatusCode: answer.status };
  const error = new Error(`the secret ${arn} cannot be read: ${why}`);
  throw Object.assign(error, { name: name.split('#').at(-1), $metadata });
}
