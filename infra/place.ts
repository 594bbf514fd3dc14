import type { Environment } from 'aws-cdk-lib';
import { RegionInfo } from 'aws-cdk-lib/region-info';

/**
 * The account and region that the CDK's command line found; none when only templates are wanted. Throws for a region that
 * AWS does not have, since what CloudFormation says of it, after minutes, is that a name could not be found.
 */
export function placeOf(
  account: string | undefined,
  region: string | undefined,
): { readonly env?: Environment } {
  if (account === undefined || region === undefined) return {};
  const known = RegionInfo.regions.map(({ name }) => name);
  if (!known.includes(region))
    throw new Error(
      `there is no AWS region ${region}, as far as this version of aws-cdk-lib knows; set AWS_REGION to one of ${known.sort().join(', ')}`,
    );
  return { env: { account, region } };
}
