/** `npm run aws:local`: an AWS on this machine with what Fanfold keeps and carries things in, until it is stopped. */
import { awsClients } from '../../src/adapters/aws/clients.ts';
import { makeBucket, makeTable } from '../../src/adapters/aws/local-resources.ts';
import { systemClock } from '../../src/adapters/system.ts';
import { startEmulator } from './emulator.ts';
import { whyNoEmulator } from './environment.ts';

const tableName = 'fanfold';
const bucket = 'fanfold';

const reason = whyNoEmulator();
if (reason !== undefined) {
  console.error(`aws:local: ${reason}`);
  process.exit(1);
}
const asked = process.argv[2];
if (asked !== undefined && !(Number(asked) > 0 && Number(asked) < 65_536)) {
  console.error(`aws:local: ${asked} is no port. Usage: npm run aws:local [-- PORT]`);
  process.exit(1);
}
console.log('aws:local: starting MiniStack (its first time here installs it below .cache)');
const emulator = await startEmulator(asked === undefined ? {} : { port: Number(asked) });
const clients = awsClients(emulator.place);
const streamArn = await makeTable(clients.dynamo, tableName, systemClock);
await makeBucket(clients.s3, bucket);
clients.close();
console.log(`aws:local: ready; stop it with Ctrl-C

  export AWS_ENDPOINT_URL=${emulator.place.endpoint} AWS_REGION=${emulator.place.region}
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test

  table   ${tableName}, its stream ${streamArn}
  bucket  ${bucket}`);
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    void emulator.stop().then(() => process.exit(0));
  });
