/** Looks at what Fanfold needs to work here, and says what is wrong and what to do. */
import { accessSync, constants, existsSync } from 'node:fs';
import { Problem } from '../../src/contract/problem.ts';
import type { ServerView } from '../../src/contract/server.ts';
import type { Act } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { count, duration, harmless } from '../render/text.ts';
import { findServer, givenUrl } from '../servers.ts';
import { tools } from '../tools.ts';
import { version } from '../version.ts';

interface Finding {
  /** `note`: works, but not all of it, or not for long. `wrong`: does not work. */
  readonly state: 'ok' | 'note' | 'wrong';
  readonly check: string;
  readonly message: string;
  readonly advice?: string;
}

const GB = 1024 ** 3;
/** Below the first one it will end soon, below the second one now. */
const FREE_BYTES_FEW = 2 * GB;
const FREE_BYTES_MIN = GB / 10;
/** Signatures and tokens are refused where clocks differ by minutes. */
const CLOCK_MS_MAX = 30_000;

export const act: Act = async (context) => {
  const findings: Finding[] = [];
  const tell = (...found: Finding[]): void => {
    for (const one of found) {
      findings.push(one);
      print(context, one);
    }
  };
  tell(versions(), ...folder(context));
  tell(...(await serverOrFolder(context)));
  tell(...(await Promise.all(tools.map((tool) => toolFound(context, tool)))));
  const wrong = findings.filter(({ state }) => state === 'wrong').length;
  context.sayJson({ findings, wrong });
  context.say(wrong === 0 ? 'nothing is wrong' : `${count(wrong, 'thing is', 'things are')} wrong`);
  return wrong === 0 ? exitCodes.succeeded : exitCodes.failed;
};

function print({ say, paint }: Context, { state, check, message, advice }: Finding): void {
  const marks = {
    ok: paint.green('ok   '),
    note: paint.yellow('note '),
    wrong: paint.red('WRONG'),
  };
  say(`${marks[state]} ${check}: ${harmless(message)}`);
  if (advice !== undefined) say(`      ${advice}`);
}

function versions(): Finding {
  const { versions: node, platform, arch } = process;
  const message = `Fanfold ${version()}, Node ${node.node}, SQLite ${node.sqlite}, ${platform} ${arch}`;
  return { state: 'ok', check: 'versions', message };
}

function folder({ dataFolder, shell }: Context): Finding[] {
  const check = 'data folder';
  if (!existsSync(dataFolder))
    return [
      { state: 'ok', check, message: `${dataFolder} is not there yet; the first run makes it` },
      disk('disk', shell.freeBytes(dataFolder)),
    ];
  try {
    accessSync(dataFolder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const advice = 'give another one by --data, or its owner’s rights back';
    return [{ state: 'wrong', check, message: (error as Error).message, advice }];
  }
  return [{ state: 'ok', check, message: dataFolder }, disk('disk', shell.freeBytes(dataFolder))];
}

function disk(check: string, freeBytes: number): Finding {
  const message = `${(freeBytes / GB).toFixed(1)} GB are free`;
  if (freeBytes >= FREE_BYTES_FEW) return { state: 'ok', check, message };
  const advice = 'make room, or let old runs go: `serve --keep DAYS`';
  return { state: freeBytes < FREE_BYTES_MIN ? 'wrong' : 'note', check, message, advice };
}

/** The server, if there is one; else what lies in the data folder, all of which is read then. */
async function serverOrFolder(context: Context): Promise<Finding[]> {
  const url = givenUrl(context) ?? (await findServer(context));
  if (url !== undefined) return server(context, url);
  if (!existsSync(context.dataFolder)) return [];
  const advice = `\`${context.hint('serve')}\` goes on with its runs`;
  const none: Finding = { state: 'note', check: 'server', message: 'none is here', advice };
  try {
    return [none, ...(await stored(context))];
  } catch (error) {
    return [none, refused('stored', error)];
  }
}

async function stored(context: Context): Promise<Finding[]> {
  const { shell, dataFolder } = context;
  const onTrouble = (): void => undefined;
  const embedded = await shell.startEmbedded({ dataFolder, slots: 0, port: null, onTrouble });
  try {
    const view = await embedded.check();
    return [...whole(context, view), await order(context, embedded.engine)];
  } finally {
    await embedded.close();
  }
}

async function server(context: Context, url: string): Promise<Finding[]> {
  const { shell, flags } = context;
  const remote = shell.connect(url, flags.profile);
  const check = 'server';
  if (!(await remote.isAlive())) {
    const advice = 'start it, or name another one by --url';
    return [{ state: 'wrong', check, message: `none answers at ${url}`, advice }];
  }
  const before = shell.now();
  try {
    const call = { method: 'GET', path: '/v1/server', repeatable: true } as const;
    const view = (await remote.call(call)) as ServerView;
    const answers: Finding = { state: 'ok', check, message: `answers at ${url}` };
    const middle = (before + shell.now()) / 2;
    const found = [answers, sameVersion(view), clock(view.at - middle)];
    return [...found, disk('disk of the server', view.disk.freeBytes), ...whole(context, view)];
  } catch (error) {
    return [refused(check, error)];
  }
}

function refused(check: string, error: unknown): Finding {
  if (!(error instanceof Problem)) throw error;
  // Of what has no process of its own, as on AWS, the service's own tools tell.
  const state = error.code === 'route-unknown' ? 'note' : 'wrong';
  return { state, check, message: error.message };
}

function sameVersion({ version: theirs, node }: ServerView): Finding {
  const check = 'version of the server';
  const message = `${theirs ?? 'unknown'}, on Node ${node}`;
  if (theirs === undefined || theirs === version()) return { state: 'ok', check, message };
  return { state: 'note', check, message: `${message}; this is ${version()}` };
}

function clock(difference: number): Finding {
  const check = 'clock';
  const apart = Math.abs(difference);
  if (apart <= CLOCK_MS_MAX)
    return { state: 'ok', check, message: 'that of the server says the same as this one' };
  const message = `that of the server is ${duration(apart)} ${difference > 0 ? 'ahead' : 'behind'}`;
  const advice =
    'set them by NTP: schedules start by the server’s, signatures fail when they differ';
  return { state: 'wrong', check, message, advice };
}

/** A clock that was set back makes new runs look older than those before. */
async function order(
  { shell }: Context,
  {
    runs,
  }: { runs(filter: { limit: number }): Promise<{ items: readonly { createdAt: number }[] }> },
): Promise<Finding> {
  const newest = (await runs({ limit: 1 })).items[0]?.createdAt ?? 0;
  const ahead = newest - shell.now();
  if (ahead <= CLOCK_MS_MAX)
    return { state: 'ok', check: 'clock', message: 'not behind the newest run' };
  const message = `it is ${duration(ahead)} behind the newest run`;
  return { state: 'wrong', check: 'clock', message, advice: 'set it by NTP' };
}

function whole({ hint }: Context, { stuck, damaged, isWhole }: ServerView): Finding[] {
  const read = isWhole ? 'all was read' : 'as far as it was read since the server began';
  const runs = stuck.map(
    ({ run, reason }): Finding => ({
      state: 'wrong',
      check: `run ${run}`,
      message: `is stuck: ${reason}`,
      advice: `to give it up: \`${hint(`cancel ${run}`)}\``,
    }),
  );
  const files = damaged.map(
    ({ file, place, reason }): Finding => ({
      state: 'wrong',
      check: place === '' ? file : `${file}, ${place}`,
      message: reason,
      advice: 'restore it from a backup; everything else is still served',
    }),
  );
  return [
    ...(runs.length > 0
      ? runs
      : [{ state: 'ok', check: 'runs', message: 'none is stuck' } as const]),
    ...(files.length > 0
      ? files
      : [{ state: 'ok', check: 'stored', message: `nothing is damaged; ${read}` } as const]),
  ];
}

/** What is missing is wrong only for who wants it. */
async function toolFound({ shell }: Context, tool: (typeof tools)[number]): Promise<Finding> {
  const said = await shell.versionOf(tool.argv);
  if (said !== undefined) return { state: 'ok', check: tool.name, message: said };
  const message = `not found, so ${tool.for} cannot be had on this machine`;
  return { state: 'note', check: tool.name, message };
}
