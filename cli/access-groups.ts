/** Commands of accounts, keys and the audit. */
import { InvalidArgumentError } from 'commander';
import { type Role, roles } from '../src/contract/access.ts';
import type { CommandGroup } from './commands.ts';

const roleNamed = (value: string): Role => {
  const role = roles.find((known) => known === value);
  if (role !== undefined) return role;
  throw new InvalidArgumentError(`Expected one of ${roles.join(', ')}.`);
};
const wholeNamed = (value: string): number => {
  const n = Number(value);
  if (/^\d+$/.test(value) && n >= 1) return n;
  throw new InvalidArgumentError('Expected a whole number from 1 on.');
};

const role = ['--role <role>', `${roles.join(', ')}; default: viewer`, roleNamed] as const;
const namespace = [
  '--namespace <name>',
  'where it has the role; * is everywhere; default: main',
] as const;

const users: CommandGroup = {
  name: 'users',
  summary: 'accounts of people who sign in',
  commands: [
    {
      usage: 'add <name>',
      summary: 'make an account; its password is asked for, or read from stdin',
      on: 'server',
      options: [role, namespace],
      load: async () => (await import('./commands/users.ts')).add,
    },
    {
      usage: 'change <name>',
      summary: 'change the role of an account, or its password, which ends its sign-ins',
      on: 'server',
      options: [
        ['--role <role>', roles.join(', '), roleNamed],
        namespace,
        ['--password', 'ask for a new one'],
      ],
      load: async () => (await import('./commands/users.ts')).change,
    },
    {
      usage: 'rm <name>',
      summary: 'remove an account; its sign-ins and keys end',
      on: 'server',
      load: async () => (await import('./commands/users.ts')).remove,
    },
    {
      usage: 'ls',
      summary: 'list accounts and their roles',
      on: 'server',
      load: async () => (await import('./commands/users.ts')).list,
    },
  ],
};

const tokens: CommandGroup = {
  name: 'tokens',
  summary: 'API keys for programs',
  commands: [
    {
      usage: 'add',
      summary: 'make a key of your account, and print it, once',
      on: 'server',
      options: [
        ['--role <role>', 'at most this; default: what you may', roleNamed],
        ['--note <text>', 'what it is for'],
        ['--days <n>', 'for how long; default: 90', wholeNamed],
      ],
      load: async () => (await import('./commands/users.ts')).addKey,
    },
    {
      usage: 'ls',
      summary: 'list keys',
      on: 'server',
      load: async () => (await import('./commands/users.ts')).listKeys,
    },
    {
      usage: 'rm <id>',
      summary: 'end a key',
      on: 'server',
      load: async () => (await import('./commands/users.ts')).removeKey,
    },
  ],
};

const audit: CommandGroup = {
  name: 'audit',
  summary: 'who changed what, and from where',
  commands: [
    {
      usage: 'ls',
      summary: 'list what was changed, newest first',
      on: 'server',
      options: [['--limit <n>', 'how many; default: 50', wholeNamed]],
      load: async () => (await import('./commands/audit.ts')).list,
    },
    {
      usage: 'verify',
      summary: 'find entries that were altered or taken out',
      on: 'server',
      help: 'Its last line names the end of the chain: keep it elsewhere, as only that shows when all of it is made anew.',
      load: async () => (await import('./commands/audit.ts')).verify,
    },
    {
      usage: 'export',
      summary: 'print all entries as JSON lines, newest first',
      on: 'server',
      load: async () => (await import('./commands/audit.ts')).exportAll,
    },
  ],
};

export const accessGroups: readonly CommandGroup[] = [users, tokens, audit];
