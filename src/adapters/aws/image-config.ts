import * as z from 'zod';
import type { PushedImage } from './image-revision.ts';
import { insist, type Patience } from './insist.ts';
import { callJson, type JsonService } from './json-call.ts';
import { type Known, orWhy } from './signed-call.ts';

export const ecr: JsonService = {
  name: 'ecr',
  host: 'api.ecr',
  target: 'AmazonEC2ContainerRegistry_V20150921',
};

/** Of one platform, or lists of those. */
const acceptedMediaTypes = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.index.v1+json',
];

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const Manifest = z.union([
  z.object({ config: z.object({ digest: Digest }) }),
  z.object({
    manifests: z.array(
      z.object({
        digest: Digest,
        platform: z.object({ architecture: z.string(), os: z.string() }).optional(),
      }),
    ),
  }),
]);
const Config = z.object({
  config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
});
const configBytesMax = 4 * 1024 * 1024;
const answerMsMax = 10_000;

/** What has the labels of an image in ECR. */
export interface ImageSource {
  readonly client: Known;
  readonly patience: Patience;
  /** Where blobs are, when it is not where ECR says: of an AWS on this machine. */
  readonly endpoint?: string | undefined;
}

/** An image that is there, and cannot be read as one. */
export class UnreadableImage extends Error {}

/** The labels of an image, from its configuration. Of one for several platforms those of the first. */
export async function imageLabels(
  source: ImageSource,
  { repository, digest }: Pick<PushedImage, 'repository' | 'digest'>,
): Promise<Readonly<Record<string, string>>> {
  const manifest = await manifestOf(source, repository, digest);
  if ('config' in manifest) return labelsIn(source, repository, manifest.config.digest);
  // What was noted of how it was built is listed too, as of an unknown system.
  const [first] = manifest.manifests.filter(({ platform }) => platform?.os !== 'unknown');
  const one = first && (await manifestOf(source, repository, first.digest));
  if (one === undefined || !('config' in one))
    throw new UnreadableImage(`the image ${digest} lists none of a platform`);
  return labelsIn(source, repository, one.config.digest);
}

async function manifestOf(
  { client, patience }: ImageSource,
  repositoryName: string,
  imageDigest: string,
): Promise<z.infer<typeof Manifest>> {
  const { images = [], failures = [] } = await callJson<{
    readonly images?: readonly { readonly imageManifest?: string }[];
    readonly failures?: readonly { readonly failureReason?: string }[];
  }>(
    client,
    patience,
    ecr,
    'BatchGetImage',
    { repositoryName, imageIds: [{ imageDigest }], acceptedMediaTypes },
    `read the image ${repositoryName}@${imageDigest}`,
  );
  const text = images[0]?.imageManifest;
  if (text === undefined)
    throw new UnreadableImage(failures[0]?.failureReason ?? `there is no image ${imageDigest}`);
  return parsed(Manifest, text, `the manifest of ${imageDigest}`);
}

async function labelsIn(
  { client, patience, endpoint }: ImageSource,
  repositoryName: string,
  layerDigest: string,
): Promise<Readonly<Record<string, string>>> {
  const what = `read the configuration ${repositoryName}@${layerDigest}`;
  const { downloadUrl } = await callJson<{ readonly downloadUrl: string }>(
    client,
    patience,
    ecr,
    'GetDownloadUrlForLayer',
    { repositoryName, layerDigest },
    what,
  );
  const url = endpoint === undefined ? downloadUrl : elsewhere(downloadUrl, endpoint);
  const text = await insist(patience, what, () => downloaded(url, what));
  const { config } = parsed(Config, text, `the configuration ${layerDigest}`);
  return config?.Labels ?? {};
}

const elsewhere = (url: string, endpoint: string): URL => {
  const { pathname, search } = new URL(url);
  return new URL(`${pathname}${search}`, endpoint);
};

async function downloaded(url: string | URL, what: string): Promise<string> {
  const answer = await orWhy(fetch(url, { signal: AbortSignal.timeout(answerMsMax) }));
  if (!answer.ok) {
    const $metadata = { httpStatusCode: answer.status };
    throw Object.assign(new Error(`cannot ${what}: ${answer.status}`), { $metadata });
  }
  const bytes = await answer.arrayBuffer();
  if (bytes.byteLength > configBytesMax) throw new UnreadableImage(`${what}: it is too large`);
  return new TextDecoder().decode(bytes);
}

function parsed<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  what: string,
): z.output<Schema> {
  const result = schema.safeParse(jsonIn(text));
  if (result.success) return result.data;
  throw new UnreadableImage(`${what} is none: ${z.prettifyError(result.error)}`);
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
