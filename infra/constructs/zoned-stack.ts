import { Fn, Stack } from 'aws-cdk-lib';

/**
 * A stack whose networks are in the first two zones of wherever it is deployed. Else the zones are asked for before that,
 * and what is answered is kept in a file of the project, which then fits one region.
 */
export class ZonedStack extends Stack {
  override get availabilityZones(): string[] {
    return [0, 1].map((zone) => Fn.select(zone, Fn.getAzs()));
  }
}
