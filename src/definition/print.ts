import { stringify } from 'yaml';
import type { Json } from '../contract/json.ts';
import type {
  Backoff,
  ErrorPolicy,
  InputField,
  Retry,
  Rule,
  Run,
  Step,
  Task,
  Workflow,
} from '../contract/workflow.ts';
import { canonicalize } from './canonical.ts';
import { printResources } from './resources.ts';
import { parseFunctionText, parseRunText } from './run-text.ts';
import { printTime } from './time.ts';

type Author = Record<string, unknown>;

/** Prints a workflow as an author would write it: parsed again, it has the same hash. */
export function printYaml(workflow: Workflow): string {
  // Quotes also what readers of older YAML would take for something else: `no`, dates, `<<`.
  const options = { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' } as const;
  return stringify(authorForm(workflow), options);
}

/** The author's form as maps and lists. */
export function authorForm(workflow: Workflow): Author {
  const { name, description, input, timeLimitMs, tasks } = canonicalize(workflow);
  return given({
    name,
    description,
    input: input && mapValues(input, printField),
    timeout: timeLimitMs === undefined ? undefined : printTime(timeLimitMs),
    tasks: new Map(tasks.map((task) => [task.id, printTask(task)])),
  });
}

/** Without what is undefined. */
const given = (map: Author): Author =>
  Object.fromEntries(Object.entries(map).filter(([, value]) => value !== undefined));

const mapValues = <T>(map: Readonly<Record<string, T>>, print: (value: T) => unknown): Author =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, print(value)]));

const printField = (field: InputField): unknown =>
  Object.keys(field).length === 1 ? field.type : field;

const time = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : printTime(ms);

function printTask(task: Task): Author {
  const { needs, rule, each, retry, limits } = task;
  return given({
    description: task.description,
    needs: needs?.length === 1 ? needs[0] : needs,
    when: rule && printRule(rule),
    each: each && printEach(each as Json[]),
    ...printRun(task.run),
    with: task.with,
    ...(retry && printRetry(retry)),
    timeout: time(limits?.runMs),
    grace: time(limits?.graceMs),
    'queue-timeout': time(limits?.queueMs),
    'install-timeout': time(limits?.installMs),
    'heartbeat-timeout': time(limits?.heartbeatMs),
    delivery: task.delivery,
    'on-lost': task.onLost,
    'lost-max': task.lostMax,
    'may-fail': task.mayFail,
    pool: task.pool,
    code: task.code,
    dependencies: task.dependencies,
    artifacts: task.artifacts,
    env: task.env,
    resources: task.resources && printResources(task.resources),
  });
}

function printRule(rule: Rule): unknown {
  if (typeof rule === 'string') return rule;
  return { 'at-least': 'atLeast' in rule ? rule.atLeast : `${rule.atLeastPercent}%` };
}

const printEach = (each: readonly Json[]): unknown =>
  each.length === 1 ? each[0] : { levels: each };

function printRun(run: Run): Author {
  switch (run.kind) {
    case 'none':
      return { none: true };
    case 'command':
      return { command: run.argv };
    case 'shell':
      return { shell: run.line };
    case 'script':
      return printScript(run);
    case 'function':
      return given({ function: printFunction(run), concurrency: run.concurrency });
    case 'snippet':
      return given({
        [run.language === 'shell' ? 'bash' : run.language]: run.code,
        concurrency: run.concurrency,
      });
    case 'sequence':
    case 'tandem':
      return { [run.kind]: run.steps.map(printStep) };
  }
}

/** Short where the short form is read as the same. */
function printScript({ path, language, args }: Extract<Run, { kind: 'script' }>): Author {
  const text = [path, ...(args ?? [])].join(' ');
  const read = parseRunText(text);
  const isSame =
    read.kind === 'script' &&
    read.language === language &&
    JSON.stringify([read.path, read.args]) === JSON.stringify([path, args]);
  return isSame ? { run: text } : { script: given({ path, language, args }) };
}

function printFunction({ path, language, name }: Extract<Run, { kind: 'function' }>): unknown {
  const text = `${path}#${name}`;
  const read = parseFunctionText(text);
  const isSame = read?.path === path && read.name === name && read.language === language;
  return isSame ? text : { path, name, language };
}

const printStep = (step: Step): Author =>
  given({ name: step.name, ...printRun(step.run), with: step.with });

function printRetry({ attemptsMax, backoff, totalMs, policies }: Retry): Author {
  const retry = given({
    attempts: attemptsMax,
    backoff: backoff && printBackoff(backoff),
    total: time(totalMs),
    on: policies?.map(printPolicy),
  });
  const isShort = attemptsMax !== undefined && totalMs === undefined && policies === undefined;
  return isShort ? given({ retries: attemptsMax - 1, backoff: retry.backoff }) : { retry };
}

function printPolicy({ match, action, attemptsMax, backoff }: ErrorPolicy): Author {
  return given({
    'exit-code': match.exitCodes,
    error: match.errors,
    reason: match.reasons,
    action,
    attempts: attemptsMax,
    backoff: backoff && printBackoff(backoff),
  });
}

const printBackoff = (backoff: Backoff): Author =>
  given({
    shape: backoff.shape,
    min: time(backoff.delayMsMin),
    max: time(backoff.delayMsMax),
    factor: backoff.factor,
    jitter: backoff.jitter,
    delays: backoff.delaysMs?.map(printTime),
  });
