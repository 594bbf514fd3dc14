import { createAudit } from '../src/access/audit.ts';
import { reviseFunction } from '../src/adapters/aws/function-image.ts';
import { imageLabels, UnreadableImage } from '../src/adapters/aws/image-config.ts';
import { reviseImage } from '../src/adapters/aws/image-revision.ts';
import { poolClients } from '../src/adapters/aws/pool-clients.ts';
import { tellEvent } from '../src/adapters/aws/tell-event.ts';
import { systemClock, systemRandom } from '../src/adapters/system.ts';
import { createImages } from '../src/engine/images.ts';
import { deployment } from './shared/deployment.ts';
import { entry } from './shared/entry.ts';
import { awsEndpoint, imagesEnvSchema, poolsEnvSchema, readEnv } from './shared/env.ts';
import { logInfo } from './shared/log.ts';
import { pushedIn } from './shared/pushed.ts';
import { type PushActs, takePush } from './shared/take-push.ts';

const { FANFOLD_IMAGES: watched } = readEnv(imagesEnvSchema);
const { FANFOLD_POOLS: facts } = readEnv(poolsEnvSchema);
const { ports, settings } = deployment();
const endpoint = awsEndpoint();
const { ecs, lambda } = poolClients(endpoint === undefined ? {} : { endpoint });
const patience = { clock: systemClock, random: systemRandom };

const acts: PushActs = {
  labels: async (image) => {
    try {
      return { labels: await imageLabels({ client: ecs, patience, endpoint }, image) };
    } catch (error) {
      if (error instanceof UnreadableImage) return { why: error.message };
      throw error;
    }
  },
  revise: ({ runs }, image) =>
    'function' in runs
      ? reviseFunction(lambda, patience, runs.function, image)
      : reviseImage(ecs, patience, runs, image),
  register: createImages(ports, settings).push,
  note: createAudit(ports, settings).note,
  tell: (event) => tellEvent(ecs, patience, event),
};

/** Has the pools of an image run it, and new runs have its task types, once it was pushed. A second time it changes nothing. */
export const handler = entry(undefined, async (event: unknown) => {
  for (const outcome of await takePush(acts, { ...pushedIn(event, watched), facts }))
    logInfo(`image ${outcome.state}`, outcome);
});
