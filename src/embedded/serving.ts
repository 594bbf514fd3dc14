import type { AppOptions } from '../api/app.ts';
import { type ServeOptions, type Serving, serveApi } from '../api/serve.ts';
import type { Engine } from '../engine/engine.ts';
import { announceServer } from './server-file.ts';
import type { OpenedSignIn } from './sign-in.ts';

export interface EmbeddedServing extends Serving {
  /** An address that signs a browser in as the owner, once. */
  link(): string;
}

/** Serves the API to who may call it, and tells other processes where. */
export async function startServing(
  engine: Engine,
  dataFolder: string,
  { access, audit, token, guard }: OpenedSignIn,
  { host, port }: { readonly host?: string; readonly port?: number | null },
  options: AppOptions,
): Promise<EmbeddedServing> {
  const place: ServeOptions = {
    ...(typeof port === 'number' && { port }),
    ...(host !== undefined && { host }),
  };
  const serving = await serveApi(engine, { ...options, ...place, access, audit, guard });
  const unannounce = announceServer(dataFolder, serving.url, token);
  return {
    ...serving,
    link: () => `${serving.url}/open?link=${access.newLink()}`,
    async close() {
      unannounce();
      await serving.close();
    },
  };
}
