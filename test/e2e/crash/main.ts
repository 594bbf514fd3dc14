/** `npm run crash -- --cycles N [--seed N] [--keep]`: a long campaign of kills, with a summary. */
import { parseArgs } from 'node:util';
import { openPlace } from '../server.ts';
import { crashCampaign } from './campaign.ts';

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    'pause-ms': { type: 'string', default: '40' },
    keep: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => void process.stderr.write(`crash: ${line}\n`);
const place = openPlace();
say(`seed ${values.seed}, in ${place.folder}`);
const { wrong, ...numbers } = await crashCampaign({
  place,
  cycles: Number(values.cycles),
  seed: Number(values.seed),
  pauseMs: Number(values['pause-ms']),
  say,
});
for (const [name, value] of Object.entries(numbers)) say(`${name}: ${value}`);
for (const what of wrong.slice(0, 50)) say(`WRONG: ${what}`);
say(`${wrong.length} wrong, seed ${values.seed}`);
if (wrong.length > 0 || values.keep) say(`kept: ${place.folder}`);
else await place.remove();
process.exitCode = wrong.length > 0 || numbers.exitCode !== 0 ? 1 : 0;
