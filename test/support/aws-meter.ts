import type { AwsClients } from '../../src/adapters/aws/clients.ts';
import type { Row } from '../../src/adapters/aws/row.ts';

/** What a bill would count, as the services themselves say, or by their documented rules. */
export interface Metered {
  writeUnits: number;
  readUnits: number;
  /** Requests by command, refused ones too. */
  readonly requests: Map<string, number>;
  /** SQS bills 64 KB at a time. */
  queueRequests: number;
  /** Receives that brought nothing: they are of time, not of tasks. */
  emptyReceives: number;
}

const queueChunkBytes = 64 * 1024;
const unitBytes = 1024;
const readUnitBytes = 4096;

interface Capacity {
  readonly TableName?: string;
  readonly CapacityUnits?: number;
}

const readCommands = new Set(['GetItem', 'BatchGetItem', 'Query']);
const writeCommands = new Set(['PutItem', 'BatchWriteItem', 'DeleteItem']);

/** Counts what leaves the clients from now on. */
export function meter({ dynamo, sqs, s3 }: AwsClients): Metered {
  const metered: Metered = {
    writeUnits: 0,
    readUnits: 0,
    requests: new Map(),
    queueRequests: 0,
    emptyReceives: 0,
  };
  const count = (command: string): void => {
    metered.requests.set(command, (metered.requests.get(command) ?? 0) + 1);
  };
  // biome-ignore lint/suspicious/noExplicitAny: each command has an input and an output of its own
  type Args = { input: any };
  type Next = (args: Args) => Promise<{ output: Record<string, unknown> }>;
  const commandOf = (context: { readonly commandName?: string }): string =>
    (context.commandName ?? '').replace(/Command$/, '');
  const options = { step: 'initialize', priority: 'low', name: 'meter' } as const;
  const ofDynamo = (next: Next, context: object) => async (args: Args) => {
    const command = commandOf(context);
    count(command);
    const billed = readCommands.has(command) || writeCommands.has(command);
    const input = billed ? { ...args.input, ReturnConsumedCapacity: 'INDEXES' } : args.input;
    try {
      const answer = await next({ ...args, input });
      if (readCommands.has(command)) metered.readUnits += readUnitsOf(args.input, answer.output);
      else metered.writeUnits += unitsOf(answer.output.ConsumedCapacity as never);
      return answer;
    } catch (error) {
      // A refused write is billed as the item that it would have written, or found.
      if ((error as Error).name === 'ConditionalCheckFailedException')
        metered.writeUnits += Math.ceil(JSON.stringify(input.Item ?? {}).length / unitBytes);
      throw error;
    }
  };
  const ofQueue = (next: Next, context: object) => async (args: Args) => {
    const command = commandOf(context);
    count(command);
    const answer = await next(args);
    const sent = (args.input.Entries ?? []) as { MessageBody?: string }[];
    const received = (answer.output.Messages ?? []) as { Body?: string }[];
    const texts = [...sent.map((one) => one.MessageBody), ...received.map((one) => one.Body)];
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), 0);
    if (command === 'ReceiveMessage' && received.length === 0) metered.emptyReceives++;
    else metered.queueRequests += Math.max(1, Math.ceil(bytes / queueChunkBytes));
    return answer;
  };
  const ofStore = (next: Next, context: object) => (args: Args) => {
    count(commandOf(context));
    return next(args);
  };
  dynamo.middlewareStack.add(ofDynamo as never, options);
  sqs.middlewareStack.add(ofQueue as never, options);
  s3.middlewareStack.add(ofStore as never, options);
  return metered;
}

interface Read {
  readonly Item?: Row;
  readonly Items?: readonly Row[];
  readonly Responses?: Readonly<Record<string, readonly Row[]>>;
}

interface Asked {
  readonly IndexName?: string;
  readonly RequestItems?: Readonly<Record<string, { readonly Keys: readonly unknown[] }>>;
}

/** By the documents, since the emulator says the same for any size. A page of an index is read weakly, for half. */
function readUnitsOf({ RequestItems, IndexName }: Asked, output: Read): number {
  const units = (bytes: number): number => Math.max(1, Math.ceil(bytes / readUnitBytes));
  if (RequestItems !== undefined) {
    const rows = Object.values(output.Responses ?? {}).flat();
    const keys = Object.values(RequestItems).flatMap(({ Keys }) => Keys);
    return rows.reduce((sum, row) => sum + units(bytesOf(row)), keys.length - rows.length);
  }
  const rows = output.Items ?? (output.Item ? [output.Item] : []);
  const all = units(rows.reduce((sum, row) => sum + bytesOf(row), 0));
  return IndexName === undefined ? all : all / 2;
}

function bytesOf(row: Row): number {
  let bytes = 0;
  for (const [name, { S, B, N }] of Object.entries(row)) {
    bytes += Buffer.byteLength(name) + (B?.length ?? 0);
    if (S !== undefined) bytes += Buffer.byteLength(S);
    if (N !== undefined) bytes += Math.ceil(N.length / 2) + 1;
  }
  return bytes;
}

function unitsOf(capacity: Capacity | Capacity[] | undefined): number {
  const all = Array.isArray(capacity) ? capacity : capacity ? [capacity] : [];
  return all.reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
}
