import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { awsCredentials } from '../../cli/aws-credentials.ts';

const folder = mkdtempSync(join(tmpdir(), 'fanfold-aws-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An environment in which the AWS command line is this script. */
function envWith(script: string): Record<string, string> {
  writeFileSync(join(folder, 'aws'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { PATH: `${folder}:/usr/bin:/bin` };
}

const own = { AWS_ACCESS_KEY_ID: 'ENV', AWS_SECRET_ACCESS_KEY: 's', AWS_SESSION_TOKEN: 't' };
const answer = `echo "{\\"AccessKeyId\\": \\"$*\\", \\"SecretAccessKey\\": \\"s\\"}"`;

test('keys of the environment are taken as they are', async () => {
  expect(await awsCredentials(own)).toEqual({
    accessKeyId: 'ENV',
    secretAccessKey: 's',
    sessionToken: 't',
  });
});

test('else the AWS command line is asked; for a profile it is asked in any case', async () => {
  const asked = 'configure export-credentials --format process';
  expect(await awsCredentials(envWith(answer))).toMatchObject({ accessKeyId: asked });
  expect(await awsCredentials({ ...envWith(answer), ...own }, 'work')).toMatchObject({
    accessKeyId: `${asked} --profile work`,
  });
});

test('what it says when it cannot is told, with what to do', async () => {
  const env = envWith('echo; echo "The SSO session has expired" >&2; exit 255');
  await expect(awsCredentials(env, 'work')).rejects.toThrow(
    'AWS gave no credentials (The SSO session has expired): set AWS_ACCESS_KEY_ID',
  );
});

test('without it and without keys, that is said', async () => {
  await expect(awsCredentials({ PATH: '/nowhere' })).rejects.toThrow(
    'there are no AWS credentials',
  );
});
