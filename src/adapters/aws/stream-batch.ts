import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { FeedHandler, Item } from '../../ports/table.ts';
import { fromRow, type Row } from './row.ts';

/** What this needs of a record, as the stream's API and a function's event both have it. */
export interface StreamRecord {
  readonly eventName?: string | undefined;
  readonly dynamodb?:
    | {
        readonly SequenceNumber?: string | undefined;
        readonly NewImage?: Readonly<Record<string, unknown>> | undefined;
      }
    | undefined;
}

/** The inserts among the records whose sort keys begin with one of the prefixes. */
export function insertsOf(
  records: readonly StreamRecord[],
  prefixes: readonly string[],
): readonly Item[] {
  return records.flatMap(({ eventName, dynamodb }) => {
    const image = eventName === 'INSERT' ? dynamodb?.NewImage : undefined;
    const sort = (image?.s as AttributeValue.SMember | undefined)?.S;
    if (image === undefined || sort === undefined) return [];
    return prefixes.some((prefix) => sort.startsWith(prefix)) ? [fromRow(imageRow(image))] : [];
  });
}

/** A function's event is JSON, so there bytes are texts in base 64. */
function imageRow(image: Readonly<Record<string, unknown>>): Row {
  const row: Row = {};
  for (const [name, value] of Object.entries(image as Row)) {
    const bytes = value.B as Uint8Array | string | undefined;
    row[name] = typeof bytes === 'string' ? { B: Buffer.from(bytes, 'base64') } : value;
  }
  return row;
}

export interface BatchResponse {
  readonly batchItemFailures: { readonly itemIdentifier: string }[];
}

/**
 * Handles a batch of a stream and answers as Lambda wants to be answered: with what must come again. That is all from
 * the lowest number on, so a batch that was refused is told by its first record.
 */
export async function handleStreamBatch(
  records: readonly StreamRecord[],
  prefixes: readonly string[],
  handler: FeedHandler,
  onRefused: (error: unknown) => void,
): Promise<BatchResponse> {
  try {
    const items = insertsOf(records, prefixes);
    if (items.length > 0) await handler(items);
    return { batchItemFailures: [] };
  } catch (error) {
    onRefused(error);
    const first = records[0]?.dynamodb?.SequenceNumber;
    if (first === undefined) throw error;
    return { batchItemFailures: [{ itemIdentifier: first }] };
  }
}
