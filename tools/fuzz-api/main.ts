/** `npm run fuzz:api`: a longer try; options are those of schemathesis, such as `-- --max-examples 500`. */
import { fuzzApi } from './fuzz.ts';

const LINE_MAX = 2000;

const given = process.argv.slice(2);
const usual = ['--max-examples', '100', '--workers', '1', '--continue-on-failure'];
const { code, said, troubles } = await fuzzApi(given.length > 0 ? given : usual);
for (const line of said.split('\n')) process.stdout.write(`${line.slice(0, LINE_MAX)}\n`);
for (const trouble of troubles) process.stdout.write(`the server: ${trouble}\n`);
process.exitCode = code === 0 && troubles.length === 0 ? 0 : 1;
