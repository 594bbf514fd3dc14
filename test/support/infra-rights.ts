import type { Template } from 'aws-cdk-lib/assertions';

/** What may be done with what: sorted actions, by a short name of the resource and, if there is one, the condition. */
export type Rights = Readonly<Record<string, string>>;

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** The rights of each role of a template, by the construct that it belongs to. */
export function rightsOf(template: Template): Readonly<Record<string, Rights>> {
  const found: Record<string, Record<string, Set<string>>> = {};
  for (const { Properties } of Object.values(template.findResources('AWS::IAM::Policy'))) {
    for (const role of Properties.Roles) {
      const name = nameOf(role).replace(/Role$/, '');
      found[name] ??= {};
      for (const statement of Properties.PolicyDocument.Statement) add(found[name], statement);
    }
  }
  return Object.fromEntries(
    Object.entries(found).map(([role, rights]) => [role, joined(rights)] as const),
  );
}

function add(rights: Record<string, Set<string>>, statement: Statement): void {
  const { Effect, Action, Resource, Condition } = statement;
  const condition = Condition === undefined ? '' : ` if ${JSON.stringify(Condition)}`;
  const effect = Effect === 'Allow' ? '' : `${Effect} `;
  for (const resource of [Resource].flat()) {
    const key = `${effect}${nameOf(resource)}${condition}`;
    rights[key] ??= new Set();
    for (const action of [Action].flat()) rights[key].add(action as string);
  }
}

const joined = (rights: Record<string, ReadonlySet<string>>): Rights =>
  Object.fromEntries(
    Object.entries(rights).map(([key, actions]) => [key, [...actions].sort().join(' ')]),
  );

/** As a reader would say it: without what the CDK adds to names so that no two are the same. */
function nameOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[kind, of] = []] = Object.entries(value as object);
  if (kind === 'Fn::Join') return of[1].map(nameOf).join('');
  if (kind === 'Fn::GetAtt') return `${plain(of[0])}.${of[1]}`;
  if (kind === 'Ref') return plain(of);
  const [, id, attribute] =
    /ExportsOutputFnGetAtt(\w+?)[0-9A-F]{8}([A-Z][A-Za-z]+)[0-9A-F]{8}$/.exec(String(of)) ?? [];
  return id === undefined ? JSON.stringify(value) : `${id}.${attribute}`;
}

const plain = (id: string): string => id.replace(/[0-9A-F]{8}$/, '');
