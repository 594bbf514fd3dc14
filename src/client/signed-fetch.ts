import { inOurWords } from './aws-refusal.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** An API that asks for signatures: API Gateway's own address. */
export const asksForSignature = (url: string): boolean =>
  /^[a-z0-9]+\.execute-api\./.test(new URL(url).hostname);

/** In which region an address of API Gateway lies; undefined where its name does not say. */
const regionOf = (url: string): string | undefined =>
  /\.execute-api\.([a-z0-9-]+)\.amazonaws\./.exec(new URL(url).hostname)?.[1];

/** `fetch` with each request signed for API Gateway, anew at each try. What signs is loaded with the first. */
export function signedFetch(
  url: string,
  region: string | undefined,
  credentials: () => Promise<AwsCredentials>,
  send: typeof fetch = fetch,
): typeof fetch {
  const place = regionOf(url) ?? region ?? 'us-east-1';
  const signer = async () => {
    const [{ AwsV4Signer }, keys] = await Promise.all([import('aws4fetch'), credentials()]);
    const by = { accessKeyId: keys.accessKeyId, region: place };
    const sign = (request: Request, body: string | undefined) =>
      new AwsV4Signer({
        method: request.method,
        url: request.url,
        headers: request.headers,
        ...(body !== undefined && { body }),
        accessKeyId: keys.accessKeyId,
        secretAccessKey: keys.secretAccessKey,
        ...(keys.sessionToken !== undefined && { sessionToken: keys.sessionToken }),
        service: 'execute-api',
        region: place,
      }).sign();
    return { sign, by };
  };
  let signing: ReturnType<typeof signer> | undefined;
  return async (input, init) => {
    signing ??= signer();
    const body = typeof init?.body === 'string' ? init.body : undefined;
    const { sign, by } = await signing;
    const signed = await sign(new Request(input, init), body);
    const answer = await send(signed.url, {
      method: signed.method,
      headers: signed.headers,
      ...(body !== undefined && { body }),
    });
    return inOurWords(answer, by);
  };
}
