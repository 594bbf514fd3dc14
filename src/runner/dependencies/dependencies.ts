import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { chmod, cp, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionSpec } from '../../contract/execution.ts';
import type { Run } from '../../contract/workflow.ts';
import type { Interpreters } from '../program-order.ts';
import { type Environment, languageOf, together } from './environment.ts';
import { type Installations, InstallFailure } from './installations.ts';
import { type Plan, plansFor } from './manifests.ts';
import type { Recipe, Sight } from './recipe.ts';
import { runTool, type ToolEnd } from './tool.ts';

export interface DependenciesOptions {
  readonly installations: Installations;
  readonly interpreters: Pick<Interpreters, 'node' | 'python'>;
  /** What tools see of the environment: nothing of a task's. */
  readonly env: Readonly<Record<string, string>>;
  /** Marks the processes of the tools, so that they are found when this one dies. */
  readonly token: string;
}

/** Code that is laid out: its folder, and the hash of all of it. */
export interface LaidOut {
  readonly folder: string;
  readonly hash: string;
}

const limitMsUsual = 15 * 60_000;
/** Another way to install makes other folders. */
const way = 1;

/** Installs what the manifests of code list, and says how tasks find it. */
export class Dependencies {
  readonly #options: DependenciesOptions;
  /** By folder and language. A folder's content never changes. */
  readonly #known = new Map<string, Environment>();
  readonly #runtimes = new Map<string, Promise<string>>();
  readonly #closing = new AbortController();
  #linking: Promise<void> = Promise.resolve();

  constructor(options: DependenciesOptions) {
    this.#options = options;
  }

  /** What was answered for this code and kind of task before. */
  known({ folder }: Pick<LaidOut, 'folder'>, spec: ExecutionSpec): Environment | undefined {
    return this.#known.get(keyOf(folder, spec.run));
  }

  /** What a task's environment needs beside its own. `onWait` is told when something has to be installed. */
  async get(code: LaidOut, spec: ExecutionSpec, onWait: () => void): Promise<Environment> {
    const sights: Sight[] = [];
    for (const plan of await plansFor(code.folder, languageOf(spec.run))) {
      const folder = await this.#install(plan, code, spec, onWait);
      const sight = plan.recipe.sees(folder, this.#options.installations.downloads);
      sights.push(sight);
      for (const name of sight.links ?? []) await this.#link(code.folder, name, join(folder, name));
    }
    const environment = together(sights);
    this.#known.set(keyOf(code.folder, spec.run), environment);
    return environment;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#options.installations.close();
  }

  /** One after the other: each opens the code's folder for a moment. */
  #link(folder: string, name: string, target: string): Promise<void> {
    const linking = this.#linking.then(() => linkIn(folder, name, target));
    this.#linking = linking.catch(() => undefined);
    return linking;
  }

  async #install(
    plan: Plan,
    code: LaidOut,
    spec: ExecutionSpec,
    onWait: () => void,
  ): Promise<string> {
    const { recipe } = plan;
    const key = await this.#keyOf(plan, code);
    return this.#options.installations.get({
      key,
      lock: recipe.alone === true ? recipe.tool : key,
      onWait,
      make: async (folder, signal) => {
        await this.#lay(plan, code, folder);
        await this.#runAll(recipe, folder, spec.limits?.installMs ?? limitMsUsual, signal);
      },
    });
  }

  async #keyOf({ recipe, manifests, ofAll }: Plan, { hash }: LaidOut): Promise<string> {
    const machine = [process.platform, process.arch, libc()];
    const runtime = await this.#runtime(recipe);
    const made = ofAll ? hash : manifests.map(({ name, bytes }) => [name, sha256(bytes)]);
    const text = JSON.stringify([way, recipe.tool, recipe.manifest, machine, runtime, made]);
    return `${recipe.tool}-${sha256(Buffer.from(text)).slice(0, 40)}`;
  }

  async #runtime(recipe: Recipe): Promise<string> {
    if (recipe.runtime === undefined) return '';
    const argv = recipe.runtime(this.#options.interpreters);
    if (argv[0] === process.execPath) return process.version;
    const name = argv.join('\0');
    const known = this.#runtimes.get(name) ?? this.#ask(recipe, argv);
    this.#runtimes.set(name, known);
    known.catch(() => this.#runtimes.delete(name));
    return known;
  }

  async #ask(recipe: Recipe, argv: readonly string[]): Promise<string> {
    const end = await runTool({ ...this.#toolRun(), argv, limitMs: 60_000 });
    if (end.kind === 'done') return end.said;
    throw new InstallFailure(messageOf(recipe, argv[0] as string, end));
  }

  async #lay({ recipe, manifests, ofAll }: Plan, code: LaidOut, folder: string): Promise<void> {
    for (const { name, bytes } of manifests) await writeFile(join(folder, name), bytes);
    if (!ofAll) return;
    const links = new Set(recipe.sees(folder, '').links);
    for (const name of await readdir(code.folder)) {
      if (links.has(name)) continue;
      await cp(join(code.folder, name), join(folder, name), { recursive: true, force: true });
    }
    await openUp(folder);
  }

  async #runAll(
    recipe: Recipe,
    folder: string,
    limitMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { installations, interpreters } = this.#options;
    const until = Date.now() + limitMs;
    const home = await mkdtemp(join(tmpdir(), 'fanfold-install-'));
    const files = new Set(readdirSync(folder));
    const site = { folder, downloads: installations.downloads, files, interpreters };
    try {
      for (const { argv, env } of recipe.commands(site)) {
        const run = this.#toolRun({ HOME: home, TMPDIR: home, ...env });
        const left = Math.max(1, until - Date.now());
        const end = await runTool({ ...run, argv, cwd: folder, limitMs: left, signal });
        if (end.kind !== 'done')
          throw new InstallFailure(messageOf(recipe, argv[0] as string, end));
      }
    } finally {
      await rm(home, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  #toolRun(env: Readonly<Record<string, string>> = {}) {
    const token = { TASK_TOKEN: `${this.#options.token}.install` };
    return {
      cwd: tmpdir(),
      env: { ...this.#options.env, ...env, ...token },
      signal: this.#closing.signal,
    };
  }
}

const keyOf = (folder: string, run: Run): string => `${folder}\0${languageOf(run) ?? ''}`;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Compiled parts of packages fit one C library only. */
function libc(): string {
  const names = process.platform === 'linux' ? readdirSync('/lib') : [];
  return names.some((name) => name.startsWith('ld-musl-')) ? 'musl' : 'usual';
}

const saidFirst = 600;
const saidLast = 900;

/** Tools tell the reason at the end, but for those that tell how they are used behind it. */
const shortened = (said: string): string =>
  said.length <= saidFirst + saidLast
    ? said
    : `${said.slice(0, saidFirst)}\n…\n${said.slice(-saidLast)}`;

function messageOf({ tool, manifest }: Recipe, program: string, end: ToolEnd): string {
  if (end.kind === 'missing')
    return `${manifest} asks for ${tool}, but there is no ${program} on this runner: install it there, or choose a pool that has it`;
  const how = end.kind === 'failed' ? end.how : 'it said nothing';
  const said = shortened(end.said.trim());
  return `${tool} could not install what ${manifest} asks for (${how})${said === '' ? '' : `:\n${said}`}`;
}

/** Makes a name of a laid-out folder lead to what was installed, unless the code brings its own. */
async function linkIn(folder: string, name: string, target: string): Promise<void> {
  const path = join(folder, name);
  if ((await readlink(path).catch(() => undefined)) === target) return;
  await chmod(folder, 0o755);
  try {
    await symlink(target, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await chmod(folder, 0o555);
  }
}

/** Copies of code that can only be read are to be worked in. */
async function openUp(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await openUp(join(folder, entry.name));
}
