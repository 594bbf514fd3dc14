/** What manifests ask for, by which tool of their language it is installed, and how tasks find it then. */
import { join } from 'node:path';
import { pinnedByPyproject } from './pyproject.ts';
import type { Command, Recipe, Sight, Site } from './recipe.ts';
import { jvm, native, ruby } from './recipes-compiled.ts';

const python = {
  language: 'python',
  tool: 'pip',
  namesFiles:
    /(^|[\s"'=@(])(file:|\.{1,2}\/)|^\s*(-r|-c|-e|-f|--(requirement|constraint|editable|find-links))\b|\bpath\s*=/m,
  runtime: ({ python }: Site['interpreters']) => [
    python,
    '-c',
    'import sys, sysconfig; print(sys.implementation.cache_tag, sysconfig.get_platform())',
  ],
  sees: (folder: string): Sight => ({
    lists: { PYTHONPATH: [join(folder, 'site')], PATH: [join(folder, 'site', 'bin')] },
  }),
} as const;

function pip({ interpreters, downloads }: Site, ...what: readonly string[]): Command {
  const quiet = ['--no-input', '--disable-pip-version-check', '--no-warn-script-location'];
  return {
    argv: [interpreters.python, '-m', 'pip', 'install', ...quiet, '--target', 'site', ...what],
    env: { PIP_CACHE_DIR: join(downloads, 'pip'), PIP_ROOT_USER_ACTION: 'ignore' },
  };
}

/** In the order in which they are looked for: of one language the first that is there counts. */
export const recipes: readonly Recipe[] = [
  {
    ...python,
    manifest: 'requirements.txt',
    locks: [],
    commands: (site) => [pip(site, '-r', 'requirements.txt')],
  },
  {
    ...python,
    manifest: 'pyproject.toml',
    locks: ['uv.lock', 'poetry.lock', 'pdm.lock', 'pylock.toml'],
    commands: (site) => [
      { argv: [site.interpreters.python, '-c', pinnedByPyproject] },
      pip(site, '-r', '.requirements.txt', '-c', '.constraints.txt'),
    ],
  },
  {
    language: 'node',
    manifest: 'package.json',
    locks: ['package-lock.json', 'npm-shrinkwrap.json'],
    tool: 'npm',
    namesFiles: /"(file|link):|"link": *true|"workspaces"/,
    runtime: ({ node }) => [node, '-p', 'process.version'],
    commands: ({ files, downloads }) => {
      const locked = files.has('package-lock.json') || files.has('npm-shrinkwrap.json');
      const how = locked ? ['ci'] : ['install', '--no-package-lock'];
      const quiet = ['--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund'];
      const env = { npm_config_cache: join(downloads, 'npm'), npm_config_update_notifier: 'false' };
      return [{ argv: ['npm', ...how, ...quiet], env }];
    },
    sees: (folder) => ({
      links: ['node_modules'],
      lists: { PATH: [join(folder, 'node_modules', '.bin')] },
    }),
  },
  ...native,
  ...jvm,
  ...ruby,
];

/** What lists dependencies that are never installed here, and why. */
export const refusedManifests: Readonly<Record<string, string>> = {
  'apt.txt': 'packages of the system belong into the image of a pool',
  Aptfile: 'packages of the system belong into the image of a pool',
};

/** Locks of tools that are not asked, which another one would pass over in silence. */
export const refusedLocks: Readonly<Record<string, string>> = {
  'yarn.lock':
    'npm reads none of yarn; write a package-lock.json (`npm install --package-lock-only`)',
  'pnpm-lock.yaml':
    'npm reads none of pnpm; write a package-lock.json (`npm install --package-lock-only`)',
};
