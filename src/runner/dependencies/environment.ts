import { delimiter } from 'node:path';
import type { Run } from '../../contract/workflow.ts';
import type { Sight } from './recipe.ts';
import { recipes } from './recipes.ts';

/** What a task's environment has beside its own variables. */
export interface Environment {
  readonly lists: Readonly<Record<string, readonly string[]>>;
  readonly env: Readonly<Record<string, string>>;
}

/** Of several tools together. */
export function together(sights: readonly Sight[]): Environment {
  const lists: Record<string, readonly string[]> = {};
  const env: Record<string, string> = {};
  for (const sight of sights) {
    Object.assign(env, sight.env);
    for (const [name, parts] of Object.entries(sight.lists ?? {}))
      lists[name] = [...(lists[name] ?? []), ...parts];
  }
  return { lists, env };
}

/** A task's own variables count; of lists, what was installed comes before them. */
export function withEnvironment(
  { lists, env }: Environment,
  own: Readonly<Record<string, string>> | undefined,
  base: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const all: Record<string, string> = { ...env, ...own };
  for (const [name, parts] of Object.entries(lists)) {
    const rest = own?.[name] ?? base[name];
    all[name] = [...parts, ...(rest === undefined || rest === '' ? [] : [rest])].join(delimiter);
  }
  return all;
}

const installable = new Set(recipes.map(({ language }) => language));

/** The language whose packages a task uses; undefined: it may use any. */
export const languageOf = (run: Run): string | undefined =>
  'language' in run && installable.has(run.language) ? run.language : undefined;

/** What tools that install may see beside what tasks see: where their packages come from. Never of a task. */
export const installEnvAllowed: readonly string[] = [
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'],
  ...[
    'SSL_CERT_FILE',
    'SSL_CERT_DIR',
    'NODE_EXTRA_CA_CERTS',
    'REQUESTS_CA_BUNDLE',
    'CURL_CA_BUNDLE',
  ],
  ...['PIP_INDEX_URL', 'PIP_EXTRA_INDEX_URL', 'PIP_CONFIG_FILE', 'PIP_CERT', 'PIP_FIND_LINKS'],
  ...['npm_config_registry', 'NPM_CONFIG_REGISTRY', 'NPM_CONFIG_USERCONFIG', 'npm_config_cafile'],
  ...['GOPROXY', 'GOPRIVATE', 'GONOSUMDB', 'GOSUMDB', 'GOFLAGS', 'CARGO_HTTP_CAINFO'],
  ...[
    'CARGO_REGISTRIES_CRATES_IO_PROTOCOL',
    'MAVEN_OPTS',
    'JAVA_HOME',
    'RUSTUP_HOME',
    'RUSTUP_TOOLCHAIN',
  ],
  ...['BUNDLE_MIRROR__ALL', 'BUNDLE_SSL_CA_CERT', 'COMPOSER_AUTH'],
];
