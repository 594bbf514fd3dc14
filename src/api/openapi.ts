/** The description of the API, printed from its route table. */
import * as z from 'zod';
import { Workflow } from '../contract/workflow.ts';
import type { Route } from './route.ts';

type Schema = Readonly<Record<string, unknown>>;

const at = (name: string): string => `#/components/schemas/${name}`;

/** Schemas of bodies by name; what is recursive lies in `__shared`. */
function componentsOf(routes: readonly Route[]): Record<string, Schema> {
  const registry = z.registry<{ id: string }>();
  registry.add(Workflow, { id: 'Workflow' });
  const seen = new Set<unknown>();
  for (const { body } of routes) {
    if (body?.name === undefined || body.schema === undefined || seen.has(body.schema)) continue;
    seen.add(body.schema);
    registry.add(body.schema as never, { id: body.name });
  }
  const { schemas } = z.toJSONSchema(registry, { uri: at, io: 'input', unrepresentable: 'any' });
  // References into `__shared` come as a URI with a second fragment; within one document they are one pointer.
  const text = JSON.stringify(schemas).replaceAll(`${at('__shared')}#/`, `${at('__shared')}/`);
  return JSON.parse(text) as Record<string, Schema>;
}

const plain = (schema: z.ZodType): Schema => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
};

function bodyOf(row: Route): Schema | undefined {
  if (row.body === undefined) return undefined;
  const { kind, name, schema, optional } = row.body;
  if (kind === 'text') {
    const content = { 'application/yaml': { schema: {} } };
    return { required: optional !== true, content };
  }
  if (kind === 'bytes') {
    const schema = { type: 'string', format: 'binary' };
    return { required: true, content: { 'application/gzip': { schema } } };
  }
  const content =
    name === undefined ? (schema === undefined ? {} : plain(schema)) : { $ref: at(name) };
  return { required: optional !== true, content: { 'application/json': { schema: content } } };
}

function parametersOf(row: Route): Schema[] {
  const inPath = [...row.path.matchAll(/\/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const query = row.query === undefined ? {} : (plain(row.query).properties as object | undefined);
  const inQuery = Object.entries(query ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    schema,
  }));
  return [...inPath, ...inQuery];
}

const problem = {
  description: 'A refusal: `code` says which, `errors` where.',
  content: { 'application/problem+json': { schema: { $ref: at('Problem') } } },
};

function operationOf(row: Route): Schema {
  const requestBody = bodyOf(row);
  return {
    operationId: row.op,
    summary: row.summary,
    'x-fanfold-right': row.right,
    ...(row.right === 'anyone' && { security: [] }),
    parameters: parametersOf(row),
    ...(requestBody !== undefined && { requestBody }),
    responses: {
      [row.status]: {
        description: row.answer,
        content: { 'application/json': { schema: { type: 'object', title: row.answer } } },
      },
      default: problem,
    },
  };
}

const Problem = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'retryable', 'requestId'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    code: { type: 'string' },
    retryable: { type: 'boolean' },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          pointer: { type: 'string' },
          line: { type: 'integer' },
          column: { type: 'integer' },
          message: { type: 'string' },
        },
      },
    },
  },
};

export function openApi(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, Schema>> = {};
  for (const row of routes) {
    const path = row.path.replace(/\/:(\w+)/g, '/{$1}');
    paths[path] = { ...paths[path], [row.method.toLowerCase()]: operationOf(row) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Fanfold', version: '1' },
    paths,
    security: [{ bearer: [] }],
    components: {
      schemas: { ...componentsOf(routes), Problem },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
  };
}
