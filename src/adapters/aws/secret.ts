import { insist, type Patience } from './insist.ts';
import { type Known, signedCall } from './signed-call.ts';

/** A secret of Secrets Manager, as text. */
export function secretText(known: Known, patience: Patience, arn: string): Promise<string> {
  return insist(patience, `read the secret ${arn}`, async () =>
    textIn(
      `the secret ${arn}`,
      await signedCall(known, 'secretsmanager', 'secretsmanager.GetSecretValue', { SecretId: arn }),
      ({ SecretString }) => SecretString,
    ),
  );
}

interface Answer {
  readonly SecretString?: string;
  readonly Parameter?: { readonly Value?: string };
  readonly __type?: string;
  readonly message?: string;
}

export async function textIn(
  what: string,
  answer: Response,
  textOf: (answer: Answer) => string | undefined,
): Promise<string> {
  const body = (await answer.json().catch(() => ({}))) as Answer;
  const text = answer.ok ? textOf(body) : undefined;
  if (text) return text;
  const name = answer.ok ? 'NoText' : (body.__type ?? String(answer.status));
  const why = answer.ok ? 'it holds no text' : [name, body.message].filter(Boolean).join(': ');
  // As the SDK has it, by which it is told what may be asked again.
  const $metadata = { httpStatusCode: answer.status };
  const error = new Error(`${what} cannot be read: ${why}`);
  throw Object.assign(error, { name: name.split('#').at(-1), $metadata });
}
