/** The command line: its commands, each loaded when it is called. */
import { Command, CommanderError } from 'commander';
import type { Arguments, Options } from './command.ts';
import { groups } from './command-groups.ts';
import { type CommandRow, commands } from './commands.ts';
import { createContext, type Flags } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { tellFailure } from './failure.ts';
import type { Shell } from './shell.ts';
import { version } from './version.ts';

const exitHelp = `
Exit codes: 0 succeeded, 1 failed, 2 bad input or file, 3 cancelled, 124 timed out, 130 interrupted.
RUN is a run's id, or \`last\`. \`npx fanfold help COMMAND\` tells more of a command.`;

/** Runs one command and gives its exit code. */
export async function runCli(argv: readonly string[], shell: Shell): Promise<number> {
  let code: number = exitCodes.succeeded;
  const program = new Command('fanfold');
  configure(program, shell);
  program
    .description('Runs workflows: DAGs of tasks in any language.')
    .version(version(), '-V, --version')
    .addHelpText('after', exitHelp)
    .showSuggestionAfterError();
  const add = (parent: Command, row: CommandRow): void => {
    const command = parent.command(row.usage).description(row.summary);
    configure(command, shell);
    addOptions(command, row);
    command.action(async (...given: unknown[]) => {
      const args = given.slice(0, -2) as Arguments;
      code = await runCommand(row, shell, args, command.opts());
    });
  };
  for (const row of commands) add(program, row);
  for (const group of groups) {
    const parent = program.command(group.name).description(group.summary);
    configure(parent, shell);
    for (const row of group.commands) add(parent, row);
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return exitCodes.succeeded;
    if (argv.includes('--json')) shell.stdout.write(`${JSON.stringify(problemOf(error))}\n`);
    return exitCodes.invalid;
  }
}

const problemOf = (error: CommanderError) => ({
  problem: { code: 'input-invalid', message: error.message.replace(/^error: /, ''), errors: [] },
});

function configure(command: Command, shell: Shell): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => shell.stdout.write(text),
    writeErr: (text) => shell.stderr.write(text),
    getOutHelpWidth: () => shell.stdout.columns,
    getErrHelpWidth: () => shell.stderr.columns,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
    outputError: (text, write) => write(text.replace(/^error: /, 'fanfold: ')),
  });
}

function addOptions(command: Command, row: CommandRow): void {
  for (const [flags, description, parse] of row.options ?? []) {
    if (parse === undefined) command.option(flags, description);
    else command.option(flags, description, parse as (value: string) => unknown);
  }
  if (row.on === 'server')
    command
      .option('--url <url>', 'the server to talk to (or FANFOLD_URL)')
      .option('--profile <name>', 'whose AWS credentials sign the requests (or AWS_PROFILE)');
  if (row.on !== 'files')
    command.option('--data <dir>', 'the data folder (or FANFOLD_DATA; default: .fanfold)');
  command
    .option('--json', 'print the answer as JSON, and nothing else, to stdout')
    .option('-q, --quiet', 'no progress and no notes on stderr')
    .option('--no-color', 'no colours (or NO_COLOR)');
  if (row.help !== undefined) command.addHelpText('after', `\n${row.help}`);
}

async function runCommand(
  row: CommandRow,
  shell: Shell,
  args: Arguments,
  options: Options,
): Promise<number> {
  const context = createContext(shell, options as Flags);
  try {
    const act = await row.load();
    return await act(context, args, options);
  } catch (error) {
    return tellFailure(context, error);
  }
}
