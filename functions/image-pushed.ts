import { reviseFunction } from '../src/adapters/aws/function-image.ts';
import { reviseImage } from '../src/adapters/aws/image-revision.ts';
import { poolClients } from '../src/adapters/aws/pool-clients.ts';
import { systemClock, systemRandom } from '../src/adapters/system.ts';
import { entry } from './shared/entry.ts';
import { awsEndpoint, imagesEnvSchema, readEnv } from './shared/env.ts';
import { logInfo } from './shared/log.ts';
import { pushedIn } from './shared/pushed.ts';

const { FANFOLD_IMAGES: watched } = readEnv(imagesEnvSchema);
const endpoint = awsEndpoint();
const { ecs, lambda } = poolClients(endpoint === undefined ? {} : { endpoint });
const patience = { clock: systemClock, random: systemRandom };

/** Has the pools of an image run it, once it was pushed. A second time it changes nothing. */
export const handler = entry(undefined, async (event: unknown) => {
  const { image, pools } = pushedIn(event, watched);
  for (const one of pools) {
    const revised =
      'function' in one.runs
        ? await reviseFunction(lambda, patience, one.runs.function, image)
        : await reviseImage(ecs, patience, one.runs, image);
    if (revised) logInfo('image revised', { pool: one.pool, ...image });
  }
});
