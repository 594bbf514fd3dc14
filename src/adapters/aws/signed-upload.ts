import type { S3Client } from '@aws-sdk/client-s3';
import { AwsV4Signer } from 'aws4fetch';
import type { Upload } from '../../ports/blobs.ts';

const expirySeconds = 900;

interface Place {
  readonly Bucket: string;
  readonly Key: string;
}

/**
 * An address that takes one object, signed by us for who may not. The checksum is signed too, so S3 refuses bytes of
 * another hash.
 */
export async function signedUpload(
  client: S3Client,
  place: Place,
  hash: string,
  now: number,
): Promise<Upload> {
  const headers = { 'x-amz-checksum-sha256': checksumOf(hash) };
  return { url: await signed(client, 'PUT', place, headers, now), headers };
}

/** A hash as S3 writes it. */
export const checksumOf = (hash: string): string => Buffer.from(hash, 'hex').toString('base64');

/** An address that gives one object, signed by us for who may not. */
export const signedDownload = (client: S3Client, place: Place, now: number): Promise<string> =>
  signed(client, 'GET', place, {}, now);

async function signed(
  client: S3Client,
  method: 'GET' | 'PUT',
  place: Place,
  headers: Readonly<Record<string, string>>,
  now: number,
): Promise<string> {
  const { config } = client;
  const [keys, region] = await Promise.all([config.credentials(), config.region()]);
  const url = new URL(await addressOf(client, region, place));
  url.searchParams.set('X-Amz-Expires', String(expirySeconds));
  const signer = new AwsV4Signer({
    method,
    url: url.href,
    headers,
    accessKeyId: keys.accessKeyId,
    secretAccessKey: keys.secretAccessKey,
    ...(keys.sessionToken !== undefined && { sessionToken: keys.sessionToken }),
    service: 's3',
    region,
    signQuery: true,
    datetime: new Date(now).toISOString().replace(/[:-]|\.\d{3}/g, ''),
  });
  return (await signer.sign()).url.href;
}

async function addressOf({ config }: S3Client, region: string, { Bucket, Key }: Place) {
  const endpoint = await config.endpoint?.();
  if (endpoint !== undefined) {
    const { protocol, hostname, port, path } = endpoint;
    const origin = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
    return `${origin}${path.replace(/\/$/, '')}/${Bucket}/${Key}`;
  }
  const country = region.startsWith('cn-') ? '.cn' : '';
  return `https://${Bucket}.s3.${region}.amazonaws.com${country}/${Key}`;
}
