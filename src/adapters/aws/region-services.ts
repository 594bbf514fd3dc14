import { SQSClient } from '@aws-sdk/client-sqs';
import { AwsClient } from 'aws4fetch';

export interface RegionAsker {
  readonly region: string;
  readonly keys: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string | undefined;
  };
  /** Of an AWS on this machine. */
  readonly endpoint?: string | undefined;
}

/** Who we are, as the SDK finds out: by the environment, a profile, or where we run. Undefined: nobody. */
export async function ownKeys(region: string): Promise<RegionAsker['keys'] | undefined> {
  const client = new SQSClient({ region });
  try {
    return await client.config.credentials();
  } catch {
    return undefined;
  } finally {
    client.destroy();
  }
}

const root = '/aws/service/global-infrastructure';
/** As many as one call takes. */
const namesMax = 10;
const answerMsMax = 5_000;

/**
 * Which of these services AWS says it has, and not in this region: from the list that it keeps as public parameters. What
 * the list does not know counts as there; so does all of it where nobody answers.
 */
export async function missingServices(
  asker: RegionAsker,
  services: readonly string[],
): Promise<readonly string[]> {
  const { region } = asker;
  const anywhere = (service: string) => `${root}/services/${service}`;
  const here = (service: string) => `${anywhere(service)}/regions/${region}`;
  const names = [
    `${root}/regions/${region}`,
    ...services.flatMap((one) => [anywhere(one), here(one)]),
  ];
  const known = new Set<string>();
  for (let from = 0; from < names.length; from += namesMax)
    for (const name of await parameters(asker, names.slice(from, from + namesMax))) known.add(name);
  if (!known.has(`${root}/regions/${region}`)) return [];
  return services.filter((one) => known.has(anywhere(one)) && !known.has(here(one)));
}

/** Those of the names that there are. */
async function parameters(
  asker: RegionAsker,
  names: readonly string[],
): Promise<readonly string[]> {
  const { region, endpoint, keys } = asker;
  const client = new AwsClient({
    ...{ accessKeyId: keys.accessKeyId, secretAccessKey: keys.secretAccessKey },
    ...(keys.sessionToken !== undefined && { sessionToken: keys.sessionToken }),
    ...{ service: 'ssm', region, retries: 0 },
  });
  const suffix = region.startsWith('cn-') ? '.cn' : '';
  const answer = await client
    .fetch(endpoint ?? `https://ssm.${region}.amazonaws.com${suffix}/`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'AmazonSSM.GetParameters',
      },
      body: JSON.stringify({ Names: names }),
      signal: AbortSignal.timeout(answerMsMax),
    })
    .catch(() => undefined);
  if (!answer?.ok) return [];
  const { Parameters = [] } = (await answer.json()) as { Parameters?: { Name: string }[] };
  return Parameters.map(({ Name }) => Name);
}
