/** Which Fanfold a command talks to: a server, or the data folder itself. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fanfold } from '../src/client/fanfold.ts';
import { ulidPattern } from '../src/contract/api.ts';
import { Problem } from '../src/contract/problem.ts';
import type { CodeArchive } from '../src/contract/workflow.ts';
import type { Context } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import type { Embedded, EmbeddedOptions, Remote } from './shell.ts';
import { ownTarget } from './ship-code.ts';
import { readKept } from './sign-in-store.ts';

export const URL_USUAL = 'http://127.0.0.1:7420';

/** Written into a data folder by the server that holds it. */
interface ServerFile {
  readonly url: string;
  readonly pid: number;
}

function readServerFile(folder: string): ServerFile | undefined {
  try {
    const { url, pid } = JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8'));
    return typeof url === 'string' && URL.canParse(url) && Number.isInteger(pid)
      ? { url, pid }
      : undefined;
  } catch {
    return undefined;
  }
}

/** The url of the live server that holds the data folder. */
export async function findServer({ shell, dataFolder }: Context): Promise<string | undefined> {
  const file = readServerFile(dataFolder);
  if (file === undefined || !shell.isProcess(file.pid)) return undefined;
  return (await shell.connect(file.url).isAlive()) ? file.url : undefined;
}

/** The url that the caller named. */
export function givenUrl({ flags, shell }: Context): string | undefined {
  const url = flags.url ?? profileUrl(shell.env, flags.profile) ?? shell.env.FANFOLD_URL;
  if (url === undefined || url === '') return undefined;
  if (/^https?:\/\//.test(url) && URL.canParse(url)) return url;
  throw new Problem('input-invalid', `${url} is no URL; expected something like ${URL_USUAL}`);
}

const profileUrl = (env: Context['shell']['env'], profile: string | undefined) =>
  profile === undefined ? undefined : readKept(env).profiles[profile];

export interface Opened {
  readonly fanfold: Fanfold;
  /** Undefined: no server, the data folder was opened by this process. */
  readonly url: string | undefined;
  /** There is no data folder here and none was named: it is whoever listens at the usual place. */
  readonly isGuess: boolean;
  sendCode(bytes: Uint8Array): Promise<CodeArchive>;
  close(): Promise<void>;
}

function connected(context: Context, url: string | undefined): Remote {
  if (url === undefined && !existsSync(context.dataFolder))
    context.note(`there is no ${context.dataFolder}; asking the server at ${URL_USUAL}`);
  return context.shell.connect(url ?? URL_USUAL, context.flags.profile);
}

function served(context: Context, url: string | undefined): Opened {
  const fanfold = connected(context, url);
  return {
    fanfold,
    sendCode: (bytes) => fanfold.sendCode(bytes),
    url: url ?? URL_USUAL,
    isGuess: url === undefined,
    close: async () => undefined,
  };
}

const isDataNamed = ({ flags, shell }: Context): boolean =>
  (flags.data ?? shell.env.FANFOLD_DATA) !== undefined;

/** A server: the one given, the one of the data folder, or, where there is no data folder, the one at the usual place. */
export async function openServer(context: Context): Promise<Remote> {
  const url = givenUrl(context) ?? (await findServer(context));
  if (url === undefined && (isDataNamed(context) || existsSync(context.dataFolder))) {
    throw new Problem(
      'server-unreachable',
      `no server holds ${context.dataFolder}; start one with \`${context.hint('serve')}\``,
    );
  }
  return connected(context, url);
}

/**
 * What looks at runs, or marks them, works without a server too: then this process opens the data folder for a
 * moment, and starts no task.
 */
export async function openAny(context: Context): Promise<Opened> {
  const url = givenUrl(context) ?? (await findServer(context));
  if (url !== undefined) return served(context, url);
  if (!existsSync(context.dataFolder)) {
    if (!isDataNamed(context)) return served(context, url);
    throw new Problem('file-unreadable', `there is no data folder ${context.dataFolder}`);
  }
  return openFolder(context);
}

async function openFolder(context: Context): Promise<Opened> {
  const embedded = await startEmbedded(context, { slots: 0, port: null });
  const { engine, close } = embedded;
  const { sendCode } = ownTarget(embedded);
  return { fanfold: engine, url: undefined, isGuess: false, sendCode, close };
}

/** As for looking; a data folder that is not there yet is made, as a run in it would. */
export async function openToPush(context: Context): Promise<Opened> {
  const url = givenUrl(context) ?? (await findServer(context));
  return url === undefined ? openFolder(context) : served(context, url);
}

export function startEmbedded(
  context: Context,
  options: Omit<EmbeddedOptions, 'dataFolder'>,
): Promise<Embedded> {
  return context.shell.startEmbedded({ dataFolder: context.dataFolder, ...options });
}

/** Without a server, one that nobody else hears of is there for the moment. */
export async function withServer(
  context: Context,
  act: (server: Remote) => Promise<void>,
): Promise<number> {
  const isServed = (givenUrl(context) ?? (await findServer(context))) !== undefined;
  if (isServed) await act(await openServer(context));
  else {
    const { url = '', close } = await startEmbedded(context, { slots: 0, port: 0 });
    try {
      await act(context.shell.connect(url));
    } finally {
      await close();
    }
  }
  return exitCodes.succeeded;
}

/** Runs `act` with what `open` gives, and closes it whatever happens. */
export async function using<T>(opened: Opened, act: (opened: Opened) => Promise<T>): Promise<T> {
  try {
    return await act(opened);
  } finally {
    await opened.close();
  }
}

/** A run as the caller names it: its id in any case of letters, or `last`. Another word is told as it was given. */
export async function resolveRun(fanfold: Fanfold, word: string): Promise<string> {
  const id = word.toUpperCase();
  if (word !== 'last') return ulidPattern.test(id) ? id : word;
  const newest = (await fanfold.runs({ limit: 1 })).items[0];
  if (newest === undefined) throw new Problem('run-unknown', 'there is no run yet');
  return newest.id;
}
