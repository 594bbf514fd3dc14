import { AwsClient } from 'aws4fetch';

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** Any client of the SDK: it knows where AWS is, and who we are. */
export interface Known {
  readonly config: {
    readonly credentials: () => Promise<Keys>;
    readonly region: () => Promise<string>;
    readonly endpoint?:
      | (() => Promise<{ protocol: string; hostname: string; port?: number | undefined }>)
      | undefined;
  };
}

const answerMsMax = 10_000;

/** One call of a service that speaks JSON, signed by what is here already: the SDK's client is a package more. */
export async function signedCall(
  { config }: Known,
  service: string,
  target: string,
  body: object,
  /** Before the region, where it is not the service's name. */
  host = service,
): Promise<Response> {
  const [keys, region, endpoint] = await Promise.all([
    config.credentials(),
    config.region(),
    config.endpoint?.(),
  ]);
  const url = endpoint
    ? `${endpoint.protocol}//${endpoint.hostname}${endpoint.port ? `:${endpoint.port}` : ''}/`
    : `https://${host}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`;
  const client = new AwsClient({
    ...{ accessKeyId: keys.accessKeyId, secretAccessKey: keys.secretAccessKey },
    ...(keys.sessionToken !== undefined && { sessionToken: keys.sessionToken }),
    ...{ service, region, retries: 0 },
  });
  const request: RequestInit = {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(answerMsMax),
  };
  return orWhy(client.fetch(url, request));
}

/** What Node says of a network it says below what went wrong. */
export const orWhy = (asked: Promise<Response>): Promise<Response> =>
  asked.catch((error: Error) => {
    throw error.cause ?? error;
  });
