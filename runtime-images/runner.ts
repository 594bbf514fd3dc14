/**
 * What every image starts: a runner in a container, or where Lambda runs the image, a function behind its pool's queue.
 * `dist/images/<language>` holds it as one file, with what its child processes run beside it.
 */
import { lambdaRuntimeApi } from '../functions/shared/env.ts';
import { serveLambda } from './lambda-runtime.ts';

const api = lambdaRuntimeApi();
if (api === undefined) await import('./container.ts');
else await serveLambda(api, (await import('../functions/run.ts')).handler);
