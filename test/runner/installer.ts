/** A process that wants an installation: `node installer.ts FOLDER KEY COUNT_FILE quick|fails|hangs`. */
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Installations, InstallFailure } from '../../src/runner/dependencies/installations.ts';

const [folder = '', key = '', countFile = '', how = ''] = process.argv.slice(2);

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const installations = new Installations({ folder, clock: Date });
say('begins');
try {
  const made = await installations.get({
    key,
    lock: key,
    onWait: () => undefined,
    async make(place) {
      appendFileSync(countFile, 'x');
      writeFileSync(join(place, 'first'), '');
      say('makes');
      if (how === 'hangs') await sleep(600_000);
      await sleep(300);
      if (how === 'fails') throw new InstallFailure('the tool says no');
      writeFileSync(join(place, 'last'), '');
    },
  });
  say(existsSync(join(made, 'first')) && existsSync(join(made, 'last')) ? 'whole' : 'half');
} catch (error) {
  say(String(error));
}
