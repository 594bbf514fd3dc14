import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
}

/** What is asked of a right in a synthesized app: the actions of a role that stay. */
export type Keep = (role: string, action: string) => boolean;

type Json = ReturnType<typeof JSON.parse>;

/**
 * Makes of an app that was synthesized for AWS one for the emulator, which differs in three ways: it has no use for the
 * roles by which the CDK deploys; it asks for the batch forms of SQS's actions by names of their own, where AWS asks for
 * the action; and it speaks no TLS, which our queues and buckets insist on. `keep`: what is left to each role.
 */
export function forEmulator(folder: string, keep: Keep = () => true): void {
  const rewrite = (name: string, change: (json: Json) => void): void => {
    const file = join(folder, name);
    const json = JSON.parse(readFileSync(file, 'utf8'));
    change(json);
    writeFileSync(file, JSON.stringify(json));
  };
  const files = readdirSync(folder);
  rewrite('manifest.json', (manifest) => {
    for (const { properties } of Object.values<Json>(manifest.artifacts))
      for (const name of deployersOwn) delete properties?.[name];
  });
  for (const name of files.filter((file) => file.endsWith('.assets.json')))
    rewrite(name, ({ files: assets }) => {
      for (const [id, { source, destinations }] of Object.entries<Json>(assets)) {
        // A template is sent as it is, since it is another one than when its name was made.
        if (source.path.endsWith('.template.json')) delete assets[id];
        for (const destination of Object.values<Json>(destinations))
          delete destination.assumeRoleArn;
      }
    });
  for (const name of files.filter((file) => file.endsWith('.template.json')))
    rewrite(name, ({ Resources }) => {
      for (const [id, { Type, Properties }] of Object.entries<Json>(Resources)) {
        if (Type === 'AWS::IAM::Policy') changeRights(Properties, keep);
        else if (withTlsOnly.includes(Type) && !allowsAnything(Properties)) delete Resources[id];
      }
    });
}

const deployersOwn = [
  'assumeRoleArn',
  'cloudFormationExecutionRoleArn',
  'lookupRole',
  'stackTemplateAssetObjectUrl',
];
const withTlsOnly = ['AWS::SQS::QueuePolicy', 'AWS::S3::BucketPolicy'];
const withBatches = ['sqs:SendMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'];

function changeRights({ Roles, PolicyDocument }: Json, keep: Keep): void {
  const role = String(Roles[0].Ref);
  const statements: Statement[] = PolicyDocument.Statement;
  for (const statement of statements) {
    const kept = [statement.Action].flat().filter((action) => keep(role, action));
    const batches = kept.filter((action) => withBatches.includes(action));
    statement.Action = [...kept, ...batches.map((action) => `${action}Batch`)];
  }
  PolicyDocument.Statement = statements.filter(({ Action }) => Action.length > 0);
}

/** What is left of a policy when nothing is forbidden without TLS. */
function allowsAnything({ PolicyDocument }: Json): boolean {
  PolicyDocument.Statement = PolicyDocument.Statement.filter(
    ({ Effect }: Statement) => Effect === 'Allow',
  );
  return PolicyDocument.Statement.length > 0;
}
