import { offerOwnPackage } from './own-package.ts';
import { runCli } from './program.ts';
import { processShell } from './shell.ts';

offerOwnPackage();
const shell = processShell();
const code = await runCli(process.argv.slice(2), shell);
shell.leave(code);
