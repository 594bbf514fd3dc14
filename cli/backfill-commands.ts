/** The commands of backfills, under `schedules`. */
import { backfillAgain, backfillOrders, backfillParallelMax } from '../src/contract/backfill.ts';
import { type CommandGroup, whole } from './commands.ts';

const load = async () => await import('./commands/backfills.ts');

export const backfillCommands: CommandGroup['commands'] = [
  {
    usage: 'backfill <name>',
    summary: 'start a run for each slot of a range that is over',
    on: 'server',
    options: [
      ['--from <time>', 'the first slot is then or later; without offset: of its time zone'],
      ['--to <time>', 'no slot then or later; default: now'],
      ['--order <order>', `which slots come first: ${backfillOrders.join(', ')}; default: oldest`],
      ['--parallel <n>', 'so many runs at a time; default: 1', whole(1, backfillParallelMax)],
      [
        '--again <which>',
        `slots that have a run get another: ${backfillAgain.join(', ')}; default: none`,
      ],
      ['--stop-after-failures <n>', 'so many in a row stop it', whole(1, 1000)],
      ['--dry-run', 'only tell what it would do'],
    ],
    load: async () => (await load()).begin,
  },
  {
    usage: 'backfills <name> [id]',
    summary: 'list the backfills of a schedule, or show one',
    on: 'server',
    load: async () => (await load()).ls,
  },
  {
    usage: 'backfill-pause <name> <id>',
    summary: 'start none of its runs until it is resumed',
    on: 'server',
    load: async () => (await load()).pause,
  },
  {
    usage: 'backfill-resume <name> <id>',
    summary: 'go on with it, also after it stopped itself',
    on: 'server',
    load: async () => (await load()).resume,
  },
  {
    usage: 'backfill-rm <name> <id>',
    summary: 'end it; its runs go on',
    on: 'server',
    load: async () => (await load()).rm,
  },
];
