/** What API Gateway says to whom it does not let in: little, and the same for many reasons. */

/** How a request was signed. */
export interface Signed {
  readonly accessKeyId: string;
  readonly region: string;
}

const reasons: readonly (readonly [pattern: RegExp, why: (by: Signed) => string])[] = [
  [
    /signature (expired|not yet current)/i,
    () => "the signature's time is wrong: this machine's clock is off",
  ],
  [/expired/i, () => 'the AWS credentials are expired: sign in again, or renew AWS_SESSION_TOKEN'],
  [
    /scoped to|region/i,
    ({ region }) =>
      `the request was signed for region ${region}, and the API is in another: set AWS_REGION`,
  ],
  [
    /token.*invalid|signature we calculated/i,
    ({ accessKeyId }) =>
      `AWS does not know the credentials of ${accessKeyId}, or their secret is wrong`,
  ],
];

/** Why, as far as what was said tells, and what to do. */
export function refusalText(said: string, by: Signed): string {
  const known = reasons.find(([pattern]) => pattern.test(said));
  const why =
    known?.[1](by) ??
    `${by.accessKeyId} may not call this API: its credentials are expired or of another account, or lack execute-api:Invoke`;
  return `AWS refused the request (${said}): ${why}`;
}

/** An answer of the gateway's own, as a problem like those of the API behind it; any other as it is. */
export async function inOurWords(answer: Response, by: Signed): Promise<Response> {
  if (answer.status !== 403 && answer.status !== 401) return answer;
  const text = await answer.text();
  const { status, headers } = answer;
  const said = saidBy(text);
  if (said === undefined) return new Response(text, { status, headers });
  return Response.json({ code: 'not-allowed', detail: refusalText(said, by) }, { status });
}

/** Undefined when it is the API itself that refuses. */
function saidBy(text: string): string | undefined {
  try {
    const { code, message, Message } = JSON.parse(text);
    return code === undefined ? String(message ?? Message ?? 'no reason given') : undefined;
  } catch {
    return text.slice(0, 120).replaceAll(/\s+/g, ' ') || 'no reason given';
  }
}
