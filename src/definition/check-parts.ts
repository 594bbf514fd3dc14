import type { Json } from '../contract/json.ts';
import type { Run, Task, Workflow } from '../contract/workflow.ts';
import { isReference, parseTemplate } from '../core/reference.ts';
import type { Reference } from '../core/template.ts';
import { checkPlain, type Path, type Tell } from './check-options.ts';
import { concurrencyHint, runsSideBySide } from './run-text.ts';
import { didYouMean } from './suggest.ts';
import { quoted } from './tree.ts';

/** How deep sequences and tandems may lie in each other. */
const STEPS_DEPTH_MAX = 16;
/** Runs that were found right, and are most often shared by many tasks. */
const SOUND_MAX = 1_000;
/** From so many references on, needs are looked up in a set. */
const MANY = 8;

/** Checks what tasks of one workflow refer to and run. */
export class PartsCheck {
  readonly #workflow: Workflow;
  readonly #sound = new Set<Run>();
  #task: Task = { id: '', run: { kind: 'none' } };
  #tell: Tell = () => true;

  constructor(workflow: Workflow) {
    this.#workflow = workflow;
  }

  check(task: Task, tell: Tell): void {
    this.#task = task;
    this.#tell = tell;
    const levels = task.each?.length ?? 0;
    for (let level = 0; level < levels; level++) this.#each((task.each as Json[])[level], level);
    if (task.with !== undefined) this.#template(task.with as Json, ['with'], levels);
    if (!this.#sound.has(task.run)) this.#run(task.run, ['run'], levels);
  }

  #each(list: Json | undefined, level: number): void {
    const template = list ?? null;
    const path = ['each', level];
    const isText = typeof template === 'string';
    const broken = isText && parseTemplate(template).kind === 'error';
    if (!broken && !Array.isArray(template) && !isReference(template))
      this.#tell(path, '"each" must be a list, or one reference to a list and nothing else');
    this.#template(template, path, level);
  }

  #run(run: Run, path: Path, levels: number): void {
    if (run.kind !== 'sequence' && run.kind !== 'tandem') {
      this.#plainRun(run, path);
      return;
    }
    if (path.length > 3 * STEPS_DEPTH_MAX) {
      const message = `sequences and tandems lie more than ${STEPS_DEPTH_MAX} deep in each other`;
      this.#tell(path, message);
      return;
    }
    const names = new Set<string>();
    for (const [index, step] of run.steps.entries()) {
      const inner = [...path, 'steps', index];
      if (step.name !== undefined && names.has(step.name))
        this.#tell([...inner, 'name'], `the step ${quoted(step.name)} is there twice`);
      if (step.name !== undefined) names.add(step.name);
      if (step.with !== undefined) this.#template(step.with, [...inner, 'with'], levels);
      this.#run(step.run, [...inner, 'run'], levels);
    }
  }

  #plainRun(run: Run, path: Path): void {
    const texts = textsIn(run);
    if (!texts.every((text) => checkPlain(text, path, this.#tell))) return;
    if ('concurrency' in run && (run.concurrency ?? 1) > 1 && !runsSideBySide(run)) {
      this.#tell([...path, 'concurrency'], concurrencyHint);
      return;
    }
    if (this.#sound.size >= SOUND_MAX) this.#sound.clear();
    this.#sound.add(run);
  }

  #template(template: Json, path: Path, levels: number): void {
    const parsed = parseTemplate(template);
    if (parsed.kind === 'error') {
      this.#tell([...path, ...partsOf(parsed.path)], parsed.message);
      return;
    }
    const { references } = parsed;
    if (references.length === 0) return;
    const needs = this.#task.needs ?? [];
    const has =
      references.length < MANY
        ? (name: string) => needs.includes(name)
        : Set.prototype.has.bind(new Set(needs));
    for (const reference of references) {
      const message = this.#mistakeOf(reference, levels, has);
      if (message !== undefined && !this.#tell([...path, ...partsOf(reference.pointer)], message))
        return;
    }
  }

  #mistakeOf(
    reference: Reference,
    levels: number,
    isNeed: (name: string) => boolean,
  ): string | undefined {
    switch (reference.root) {
      case 'task':
        return isNeed(reference.task as string)
          ? undefined
          : this.#noNeed(reference.task as string);
      case 'input':
        return this.#inputMistake(reference);
      case 'item':
      case 'index':
        return levels > 0 ? undefined : `\${{ ${reference.text} }} is known only within "each"`;
      case 'items':
        if ((reference.path[0] as number) < levels) return undefined;
        return `\${{ ${reference.text} }}: there are ${levels} levels of "each" here, from 0`;
      case 'run':
        return undefined;
    }
  }

  #noNeed(name: string): string {
    if (name === this.#task.id) return `${quoted(name)} cannot use its own output`;
    const near = didYouMean(name, this.#task.needs ?? []);
    return `the output of ${quoted(name)} is used, but it is not among the needs${near}`;
  }

  #inputMistake({ path }: Reference): string | undefined {
    const declared = this.#workflow.input;
    const [field] = path;
    if (declared === undefined || field === undefined) return undefined;
    if (typeof field === 'string' && Object.hasOwn(declared, field)) return undefined;
    const near = didYouMean(String(field), Object.keys(declared));
    return `the input ${quoted(String(field))} is not declared${near}`;
  }
}

/** Texts that go to the operating system. Code in a snippet may hold what it likes. */
function textsIn(run: Run): readonly string[] {
  switch (run.kind) {
    case 'shell':
      return [run.line];
    case 'command':
      return run.argv;
    case 'script':
      return [run.path, ...(run.args ?? [])];
    case 'function':
      return [run.path, run.name];
    default:
      return [];
  }
}

function partsOf(pointer: string): string[] {
  if (pointer === '') return [];
  const parts = pointer.slice(1).split('/');
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}
