import type { Patience } from '../../src/adapters/aws/insist.ts';

/** Answers a command of the SDK, or throws as the service would. */
export type Answer = (command: string, input: never, call: number) => unknown;

interface Stubbable {
  readonly middlewareStack: {
    add(middleware: unknown, options: unknown): void;
  };
}

export interface Call {
  readonly command: string;
  // biome-ignore lint/suspicious/noExplicitAny: each command has an input of its own
  readonly input: any;
}

/** Lets nothing leave the client: each command is answered by `answer`. Returns what was called. */
export function stub<C>(client: C, answer: Answer): { readonly client: C; readonly calls: Call[] } {
  const calls: Call[] = [];
  const middleware =
    (_next: unknown, context: { readonly commandName: string }) =>
    async ({ input }: { readonly input: never }) => {
      const command = context.commandName.replace(/Command$/, '');
      calls.push({ command, input });
      const output = (await answer(command, input, calls.length)) ?? {};
      return { output: { $metadata: {}, ...(output as object) }, response: {} };
    };
  const options = { step: 'initialize', priority: 'high', name: 'stub' };
  (client as Stubbable).middlewareStack.add(middleware, options);
  return { client, calls };
}

export const failure = (name: string, status = 400): Error =>
  Object.assign(new Error(`as the service says ${name}`), {
    name,
    $metadata: { httpStatusCode: status },
  });
export const throttled = (): Error => failure('ProvisionedThroughputExceededException');
export const silence = (): Error => Object.assign(new Error('no answer'), { name: 'TimeoutError' });

/** Pauses that take no time, written down. */
export function quickPatience(chance = 0.5): Patience & { readonly pauses: number[] } {
  const pauses: number[] = [];
  return {
    pauses,
    clock: {
      async sleep(ms) {
        pauses.push(ms);
      },
    },
    random: { next: () => chance },
  };
}

export const nowhere = {
  region: 'us-east-1',
  endpoint: 'http://127.0.0.1:1',
  credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
} as const;
