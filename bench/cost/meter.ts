import type { AwsClients } from '../../src/adapters/aws/clients.ts';
import type { Row } from '../../src/adapters/aws/row.ts';
import { type Counted, nothingCounted } from './prices.ts';
import {
  getUnits,
  queryUnits,
  queueRequests,
  refusedUnits,
  storedBytes,
  writeUnits,
} from './rules.ts';

/** Who makes the requests of some clients. */
export type Party = 'api' | 'decider' | 'runner' | 'source' | 'sweep';

/** How long a request to AWS takes, within a region; those that are under way together count once. */
const roundSeconds = 0.008;

// biome-ignore lint/suspicious/noExplicitAny: each command has an input and an output of its own
type Args = { input: any };
// biome-ignore lint/suspicious/noExplicitAny: as above
type Next = (args: Args) => Promise<{ output: any }>;
// biome-ignore lint/suspicious/noExplicitAny: as above
type Bill = (input: Args['input'], answer: any) => void;

const keyOf = (row: Row): string => `${row.p?.S}\0${row.s?.S}`;

/**
 * Counts what the requests of clients cost, by the documents' rules: the emulator's own figures are not asked for. It
 * knows what lies in the table, so all writes must go by clients that it watches.
 */
export class Meter {
  #counted: Counted = nothingCounted();
  readonly #rows = new Map<string, Row>();
  readonly #requests = new Map<string, number>();

  /** Counts from now on; what lies in the table stays known, and is not paid for again. */
  restart(): void {
    this.#counted = nothingCounted();
    this.#requests.clear();
    this.#storedBefore = this.#stored();
  }
  #storedBefore = 0;

  get counted(): Counted {
    return { ...this.#counted, storedBytes: this.#stored() - this.#storedBefore };
  }

  /** Requests by who makes them, and command. */
  get requests(): ReadonlyMap<string, number> {
    return this.#requests;
  }

  #stored(): number {
    let bytes = 0;
    for (const row of this.#rows.values()) bytes += storedBytes(row);
    return bytes;
  }

  /** Counts requests of one kind. */
  note(kind: string, count = 1): void {
    this.#requests.set(kind, (this.#requests.get(kind) ?? 0) + count);
  }

  /** A request through API Gateway, which a function answers. */
  asked(): void {
    this.#counted.apiRequests++;
  }

  invoked(party: 'decider' | 'runner' | 'sweep'): void {
    if (party === 'runner') this.#counted.runnerInvocations++;
    else this.#counted.deciderInvocations++;
  }

  /** Seconds that a function works on beyond its requests. */
  worked(party: Party, seconds: number): void {
    if (party === 'decider' || party === 'sweep') this.#counted.deciderSeconds += seconds;
    else if (party === 'runner') this.#counted.runnerSeconds += seconds;
    else if (party === 'api') this.#counted.apiSeconds += seconds;
  }

  /** Makes one's requests to AWS: those that are under way together are one round, of so many seconds. */
  rounds(party: Party): <T>(request: () => Promise<T>) => Promise<T> {
    let underWay = 0;
    return async (request) => {
      if (underWay++ === 0) this.worked(party, roundSeconds);
      try {
        return await request();
      } finally {
        underWay--;
      }
    };
  }

  watch(clients: AwsClients, party: Party): void {
    const { dynamo, sqs, s3 } = clients;
    const options = { step: 'initialize', priority: 'low', name: 'meter' } as const;
    const round = this.rounds(party);
    const through =
      (bill: (command: string) => { done: Bill; failed?: Bill }) =>
      (next: Next, context: { readonly commandName?: string }) =>
      async (args: Args) => {
        const command = (context.commandName ?? '').replace(/Command$/, '');
        this.note(`${party} ${command}`);
        const { done, failed } = bill(command);
        try {
          // Waiting for messages is no work.
          const answer = await (command === 'ReceiveMessage'
            ? next(args)
            : round(() => next(args)));
          done(args.input, answer.output);
          return answer;
        } catch (error) {
          failed?.(args.input, error);
          throw error;
        }
      };
    const table = through((command) => ({
      done: (input, output) => this.#table(command, input, output),
      failed: (_, error) => this.#failed(error),
    }));
    const queue = through((command) => ({
      done: (input, output) => this.#queue(command, input, output, party),
    }));
    const objects = through((command) => ({
      done: () => this.object(command),
      failed: () => this.object(command),
    }));
    dynamo.middlewareStack.add(table as never, options);
    sqs.middlewareStack.add(queue as never, options);
    s3.middlewareStack.add(objects as never, options);
  }

  #table(command: string, input: Args['input'], output: Record<string, never>): void {
    const strong = input.ConsistentRead === true;
    if (command === 'PutItem') this.put(input.Item);
    else if (command === 'DeleteItem') this.remove(input.Key);
    else if (command === 'BatchWriteItem') this.#putBatch(input, output);
    else if (command === 'GetItem') this.got([output.Item], strong);
    else if (command === 'Query') this.queried(output.Items ?? [], strong);
    else if (command === 'BatchGetItem') this.#counted.reads += batchUnits(input, output);
  }

  /** Items that were read one by one. */
  got(rows: readonly (Row | undefined)[], strong: boolean): void {
    this.#counted.reads += getUnits(rows, strong);
  }

  /** A page. */
  queried(rows: readonly Row[], strong: boolean): void {
    this.#counted.reads += queryUnits(rows, strong);
  }

  /** An item was written. */
  put(row: Row): void {
    const key = keyOf(row);
    this.#write(writeUnits(this.#rows.get(key), row));
    this.#rows.set(key, row);
  }

  /** What lay under a key was removed. */
  remove(key: Row): void {
    this.#write(writeUnits(this.#rows.get(keyOf(key)), undefined));
    this.#rows.delete(keyOf(key));
  }

  #putBatch(input: Args['input'], output: { UnprocessedItems?: Record<string, unknown[]> }): void {
    for (const [name, requests] of Object.entries<{ PutRequest: { Item: Row } }[]>(
      input.RequestItems,
    )) {
      const left = JSON.stringify(output.UnprocessedItems?.[name] ?? []);
      for (const { PutRequest } of requests)
        if (!left.includes(JSON.stringify(PutRequest.Item.s))) this.put(PutRequest.Item);
    }
  }

  #write({ table, indexes }: { readonly table: number; readonly indexes: number }): void {
    this.#counted.tableWrites += table;
    this.#counted.indexWrites += indexes;
  }

  #failed(error: unknown): void {
    const { name, Item } = error as { readonly name?: string; readonly Item?: Row };
    if (name === 'ConditionalCheckFailedException') this.refused(Item);
  }

  /** A write was refused by what lies there. */
  refused(found: Row | undefined): void {
    const units = refusedUnits(found);
    this.#counted.tableWrites += units;
    this.#counted.refusedWrites += units;
  }

  #queue(
    command: string,
    input: { Entries?: readonly { MessageBody?: string }[] },
    output: { Messages?: readonly { Body?: string }[] },
    party: Party,
  ): void {
    const texts = [
      ...(input.Entries ?? []).map(({ MessageBody }) => MessageBody),
      ...(output.Messages ?? []).map(({ Body }) => Body),
    ];
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), 0);
    if (command === 'ReceiveMessage' && bytes === 0) this.#counted.emptyReceives++;
    else this.queued(party, bytes);
  }

  /** A request about messages, with so much of them in it. */
  queued(party: Party, bytes: number): void {
    if (party === 'source') this.#counted.sourceRequests += queueRequests(bytes);
    else this.#counted.queueRequests += queueRequests(bytes);
  }

  object(command: string): void {
    if (command === 'PutObject' || command.startsWith('List')) this.#counted.objectPuts++;
    else this.#counted.objectGets++;
  }
}

interface BatchInput {
  readonly RequestItems: Readonly<
    Record<string, { readonly Keys: readonly unknown[]; readonly ConsistentRead?: boolean }>
  >;
}

/** What was left unprocessed is asked for again, and counted then. */
function batchUnits(
  { RequestItems }: BatchInput,
  output: {
    readonly Responses?: Readonly<Record<string, readonly Row[]>>;
    readonly UnprocessedKeys?: Readonly<Record<string, { readonly Keys: readonly unknown[] }>>;
  },
): number {
  let units = 0;
  for (const [name, { Keys, ConsistentRead }] of Object.entries(RequestItems)) {
    const rows = output.Responses?.[name] ?? [];
    const left = output.UnprocessedKeys?.[name]?.Keys.length ?? 0;
    const missing = Array.from<undefined>({ length: Keys.length - rows.length - left });
    units += getUnits([...rows, ...missing], ConsistentRead === true);
  }
  return units;
}
