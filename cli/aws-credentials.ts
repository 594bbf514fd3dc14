/**
 * Whom AWS takes us for: the profile named, else what the environment says, else what the AWS command line finds, which
 * knows every way.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { AwsCredentials } from '../src/client/signed-fetch.ts';
import { Problem } from '../src/contract/problem.ts';

type Env = Readonly<Record<string, string | undefined>>;
const run = promisify(execFile);

const advice =
  'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in with the AWS command line and name its profile by --profile or AWS_PROFILE';

export async function awsCredentials(env: Env, profile?: string): Promise<AwsCredentials> {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (profile === undefined && accessKeyId && secretAccessKey)
    return { accessKeyId, secretAccessKey, sessionToken: env.AWS_SESSION_TOKEN };
  try {
    const named = profile === undefined ? [] : ['--profile', profile];
    const args = ['configure', 'export-credentials', '--format', 'process', ...named];
    const { stdout } = await run('aws', args, { env });
    const { AccessKeyId, SecretAccessKey, SessionToken } = JSON.parse(stdout);
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
    };
  } catch (error) {
    const { code, stderr } = error as { readonly code?: unknown; readonly stderr?: string };
    const said = stderr?.trim().split('\n').at(-1) ?? '';
    const why =
      code === 'ENOENT' ? 'there are no AWS credentials' : `AWS gave no credentials (${said})`;
    throw new Problem('unavailable', `${why}: ${advice}`);
  }
}
