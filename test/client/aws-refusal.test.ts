import { describe, expect, test } from '@jest/globals';
import { inOurWords, refusalText } from '../../src/client/aws-refusal.ts';
import { Client } from '../../src/client/client.ts';

const by = { accessKeyId: 'AKID', region: 'eu-west-1' };

test.each([
  [
    'The security token included in the request is expired',
    'the AWS credentials are expired: sign in again, or renew AWS_SESSION_TOKEN',
  ],
  [
    "Credential should be scoped to correct region: 'us-east-1'.",
    'signed for region eu-west-1, and the API is in another: set AWS_REGION',
  ],
  ['The security token included in the request is invalid.', 'AWS does not know the credentials'],
  ['Signature expired: 20260101T000000Z is now earlier than …', "this machine's clock is off"],
  ['Forbidden', 'AKID may not call this API: its credentials are expired or of another account'],
])('%s', (said, why) => {
  const text = refusalText(said, by);
  expect(text).toContain(`AWS refused the request (${said}): `);
  expect(text).toContain(why);
});

describe('an answer', () => {
  const told = async (body: string, status: number) => {
    const answer = await inOurWords(new Response(body, { status }), by);
    return [answer.status, await answer.text()];
  };

  test('of the API itself stays as it is', async () => {
    const ours = JSON.stringify({ code: 'host-refused', detail: 'no' });
    expect(await told(ours, 403)).toEqual([403, ours]);
    expect(await told('{"message":"x"}', 500)).toEqual([500, '{"message":"x"}']);
  });

  test('of the gateway is a refusal for whoever called', async () => {
    const answer = async () =>
      inOurWords(Response.json({ message: 'Forbidden' }, { status: 403 }), by);
    const client = new Client({ url: 'https://x.example', fetch: answer as typeof fetch });
    await expect(client.runs({})).rejects.toMatchObject({
      code: 'not-allowed',
      message: expect.stringContaining('lack execute-api:Invoke'),
    });
    expect((await told('<html>no</html>', 403))[1]).toContain('(<html>no</html>)');
  });
});
