import { type IncomingMessage, request } from 'node:http';

/** What of its call a handler may ask, as Lambda's own runtimes have it. */
export interface Invocation {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

type Handler = (event: never, invocation: never) => Promise<unknown>;

const version = '2018-06-01';

/**
 * Lambda's side of an image: asks for the next event, answers it, and so on for as long as Lambda lets this process live.
 * Ends by throwing when the API cannot be reached: then there is nobody to answer.
 */
export async function serveLambda(api: string, handler: Handler): Promise<never> {
  const call = handler as (event: unknown, invocation: Invocation) => Promise<unknown>;
  for (;;) {
    const { headers, body } = await exchange(api, 'GET', 'invocation/next');
    const id = String(headers['lambda-runtime-aws-request-id']);
    const deadline = Number(headers['lambda-runtime-deadline-ms']);
    const invocation = {
      awsRequestId: id,
      getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    };
    try {
      const result = await call(JSON.parse(body), invocation);
      await exchange(api, 'POST', `invocation/${id}/response`, result ?? null);
    } catch (error) {
      await exchange(api, 'POST', `invocation/${id}/error`, failureOf(error));
    }
  }
}

function failureOf(error: unknown): object {
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  return { errorType: name, errorMessage: message, stackTrace: stack.split('\n').slice(1) };
}

interface Answer {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Without a limit of time: the next event may be hours away, and the process is frozen meanwhile. */
function exchange(
  api: string,
  method: 'GET' | 'POST',
  path: string,
  content?: unknown,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(`http://${api}/${version}/runtime/${path}`, { method }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => {
        const body = Buffer.concat(parts).toString('utf8');
        const { statusCode = 0, headers } = answer;
        if (statusCode < 300) resolve({ headers, body });
        else reject(new Error(`Lambda answers ${statusCode} to ${path}: ${body.slice(0, 200)}`));
      });
    });
    asked.on('error', reject);
    asked.end(content === undefined ? undefined : JSON.stringify(content));
  });
}
