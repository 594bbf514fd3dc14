import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { ImageSettings } from '../pool-settings.ts';

const platforms = { arm64: Platform.LINUX_ARM64, x64: Platform.LINUX_AMD64 } as const;
type Architecture = keyof typeof platforms;

/** Where an image comes from: the same for containers and for functions. */
export interface ImageSource {
  readonly image: ImageSettings;
  readonly architecture: Architecture;
  /** Holds one folder for each language, with a Dockerfile. */
  readonly imagesFolder: string;
}

export function containerImage(scope: Construct, source: ImageSource): ecs.ContainerImage {
  const { image } = source;
  if ('repository' in image)
    return ecs.ContainerImage.fromEcrRepository(repositoryOf(scope, image), image.tag);
  const platform = platforms[source.architecture];
  return ecs.ContainerImage.fromAsset(folderOf(source), { platform });
}

export function functionImage(scope: Construct, source: ImageSource): lambda.Code {
  const { image } = source;
  if ('repository' in image)
    return lambda.Code.fromEcrImage(repositoryOf(scope, image), { tagOrDigest: image.tag });
  const platform = platforms[source.architecture];
  return lambda.Code.fromAssetImage(folderOf(source), { platform });
}

const repositoryOf = (scope: Construct, { repository }: { readonly repository: string }) =>
  Repository.fromRepositoryName(scope, 'Image', repository);

/** Throws for what cannot be built, with what can. */
function folderOf({ image, imagesFolder }: ImageSource): string {
  if ('folder' in image) {
    if (existsSync(join(image.folder, 'Dockerfile'))) return image.folder;
    throw new Error(`there is no Dockerfile in ${image.folder}, the folder of a pool's image`);
  }
  if (!('language' in image)) throw new Error('an image in a repository is not built');
  const folder = join(imagesFolder, image.language);
  if (existsSync(join(folder, 'Dockerfile'))) return folder;
  const known = readdirSync(imagesFolder)
    .filter((name) => existsSync(join(imagesFolder, name, 'Dockerfile')))
    .sort();
  throw new Error(
    `there is no image for the language ${image.language}, only for ${known.join(', ') || 'none'}`,
  );
}
