import type { Clock } from '../../ports/clock.ts';
import type { Secrets } from '../../ports/secrets.ts';
import { insist, type Patience } from './insist.ts';
import { secretText, textIn } from './secret.ts';
import { secretsPrefix } from './secrets-prefix.ts';
import { type Known, signedCall } from './signed-call.ts';

export interface AwsSecretsOptions {
  readonly client: Known;
  readonly patience: Patience;
  readonly clock: Pick<Clock, 'now'>;
  readonly namespace: string;
}

/** What was read is not asked for again for so long: each call costs, and some tasks are many. */
const keptMs = 60_000;

interface Kept {
  readonly at: number;
  readonly value: Promise<string | undefined>;
}

/**
 * Secrets of Secrets Manager, else parameters of Parameter Store, under a prefix of the namespace: runners may read those
 * and no others.
 */
export function awsSecrets(options: AwsSecretsOptions): Secrets {
  const kept = new Map<string, Kept>();
  return {
    async read(name) {
      const now = options.clock.now();
      const known = kept.get(name);
      if (known !== undefined && now - known.at < keptMs) return known.value;
      const value = readAnew(options, name);
      kept.set(name, { at: now, value });
      // A refusal is no answer to keep; nor is that there is none, since it may be set just now.
      const forget = () => {
        if (kept.get(name)?.value === value) kept.delete(name);
      };
      value.then((text) => text ?? forget(), forget);
      return value;
    },
  };
}

async function readAnew(
  { client, patience, namespace }: AwsSecretsOptions,
  name: string,
): Promise<string | undefined> {
  const id = `${secretsPrefix(namespace)}${name}`;
  const secret = await orNone(secretText(client, patience, id), 'ResourceNotFoundException');
  return secret ?? orNone(parameterText(client, patience, `/${id}`), 'ParameterNotFound');
}

const parameterText = (known: Known, patience: Patience, name: string): Promise<string> =>
  insist(patience, `read the parameter ${name}`, async () =>
    textIn(
      `the parameter ${name}`,
      await signedCall(known, 'ssm', 'AmazonSSM.GetParameter', {
        Name: name,
        WithDecryption: true,
      }),
      ({ Parameter }) => Parameter?.Value,
    ),
  );

const orNone = (read: Promise<string>, ifNamed: string): Promise<string | undefined> =>
  read.catch((error: Error) => {
    if (error.name === ifNamed) return undefined;
    throw error;
  });
