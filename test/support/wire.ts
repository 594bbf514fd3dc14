import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A call that a deployed function makes of its AWS. */
export interface Asked {
  /** As SDKs name it: `DynamoDB_20120810.PutItem`, `AmazonSQS.SendMessageBatch`; empty for S3. */
  readonly target: string;
  readonly body: string;
}

/** What becomes of a call: it is passed on; it is lost; it is done, but its answer is lost; it is answered by this. */
export type Fate =
  | 'passed'
  | 'lost'
  | 'unanswered'
  | { readonly status: number; readonly body: object };

/** Stands between deployed functions and their AWS. */
export interface Wire {
  readonly endpoint: string;
  /** Where calls are passed on to. */
  lead(endpoint: string): void;
  /** Decides each call's fate from now on. */
  meddle(fate: (asked: Asked) => Fate): void;
  close(): Promise<void>;
}

export async function openWire(): Promise<Wire> {
  let target = '';
  let decide: (asked: Asked) => Fate = () => 'passed';
  const server = createServer(async (incoming, answer) => {
    const bytes = await buffer(incoming);
    const named = String(incoming.headers['x-amz-target'] ?? '');
    const fate = decide({ target: named, body: bytes.toString('latin1') });
    if (fate === 'lost') return void answer.destroy();
    if (typeof fate === 'object') {
      const headers = { 'content-type': 'application/x-amz-json-1.0' };
      return void answer.writeHead(fate.status, headers).end(JSON.stringify(fate.body));
    }
    const { method, url, headers } = incoming;
    const onward = send(new URL(url ?? '/', target), { method, headers }, (reply) => {
      if (fate === 'unanswered') return void reply.resume().on('end', () => answer.destroy());
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    onward.on('error', () => answer.destroy()).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lead(endpoint) {
      target = endpoint;
    },
    meddle(fate) {
      decide = fate;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
