import { insist, type Patience } from './insist.ts';
import { type Known, signedCall } from './signed-call.ts';

/** A service of which few calls are made, each a POST of JSON. */
export interface JsonService {
  /** As its requests are signed for. */
  readonly name: string;
  /** Where it is, before the region. */
  readonly host: string;
  /** Before the name of a call. */
  readonly target: string;
}

interface Refused {
  readonly __type?: string;
  readonly message?: string;
}

/** Makes a call until it is answered. `what` it is for begins with a verb. */
export const callJson = <Answer>(
  known: Known,
  patience: Patience,
  { name, host, target }: JsonService,
  call: string,
  input: object,
  what: string,
): Promise<Answer> =>
  insist(patience, what, async () => {
    const answer = await signedCall(known, name, `${target}.${call}`, input, host);
    const body: unknown = await answer.json().catch(() => ({}));
    if (answer.ok) return body as Answer;
    throw refusal(answer.status, body as Refused, what);
  });

/** As the SDK has it, by which it is told what may be asked again. */
function refusal(status: number, { __type = String(status), message }: Refused, what: string) {
  const name = __type.split('#').at(-1);
  const why = [name, message].filter(Boolean).join(': ');
  const $metadata = { httpStatusCode: status };
  return Object.assign(new Error(`cannot ${what}: ${why}`), { name, $metadata });
}
