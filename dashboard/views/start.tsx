import { signal } from '@preact/signals';
import { address, go, to } from '../live/address.ts';
import { messageOf } from '../live/server.ts';
import {
  type CodeLanguage,
  codeLanguages,
  inputOf,
  startRun,
  workflowOfCode,
  workflowOfText,
} from '../live/start.ts';

/** What is typed stays while one looks elsewhere. */
const form = {
  name: signal('hello'),
  language: signal<CodeLanguage>('shell'),
  code: signal('echo "hello from $TASK_ID"'),
  attemptsMax: signal(1),
  text: signal(
    'name: hello\ntasks:\n  greet:\n    run: echo hello\n  done:\n    needs: greet\n    run: echo done\n',
  ),
  input: signal(''),
};
const problem = signal<string | undefined>(undefined);
const isBusy = signal(false);

async function start(kind: string): Promise<void> {
  isBusy.value = true;
  try {
    const input = inputOf(form.input.value);
    const workflow =
      kind === 'workflow'
        ? await workflowOfText(form.text.value)
        : workflowOfCode({
            name: form.name.value,
            language: form.language.value,
            code: form.code.value,
            attemptsMax: form.attemptsMax.value,
          });
    const id = await startRun(workflow, input);
    problem.value = undefined;
    go(['runs', id]);
  } catch (error) {
    problem.value = messageOf(error);
  } finally {
    isBusy.value = false;
  }
}

const kinds = [
  ['code', 'A piece of code'],
  ['workflow', 'A workflow'],
] as const;

export function Start() {
  const kind = address.value.path[1] === 'workflow' ? 'workflow' : 'code';
  return (
    <section class="page narrow">
      <h1>Start a run</h1>
      <nav class="tabs" aria-label="What to run">
        {kinds.map(([name, title]) => (
          <a
            key={name}
            href={to(['start', name])}
            aria-current={name === kind ? 'page' : undefined}
          >
            {title}
          </a>
        ))}
      </nav>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void start(kind);
        }}
      >
        {kind === 'code' ? <Code /> : <Text />}
        <label class="field">
          Input, a JSON object (may be empty)
          <textarea
            class="code"
            rows={3}
            spellcheck={false}
            value={form.input.value}
            onInput={(event) => {
              form.input.value = event.currentTarget.value;
            }}
          />
        </label>
        {problem.value !== undefined && (
          <p class="problem" role="alert">
            {problem.value}
          </p>
        )}
        <div class="bar end">
          <button type="submit" class="button primary" disabled={isBusy.value}>
            Start
          </button>
        </div>
      </form>
    </section>
  );
}

function Text() {
  return (
    <label class="field">
      Workflow, YAML or JSON
      <textarea
        class="code"
        rows={16}
        required
        spellcheck={false}
        value={form.text.value}
        onInput={(event) => {
          form.text.value = event.currentTarget.value;
        }}
      />
    </label>
  );
}

const hints: Readonly<Record<CodeLanguage, string>> = {
  shell: 'Lines for sh. Its output is the last line that is JSON.',
  node: 'The body of a function of input and task; what it returns is the output.',
  python: 'The body of a function of input and task; what it returns is the output.',
};

function Code() {
  return (
    <>
      <div class="field-row">
        <label class="field">
          Name
          <input
            required
            pattern="[A-Za-z0-9_][A-Za-z0-9_.\-]*"
            maxLength={128}
            title="A letter, digit or _, then letters, digits, _ . -"
            value={form.name.value}
            onInput={(event) => {
              form.name.value = event.currentTarget.value;
            }}
          />
        </label>
        <label class="field">
          Language
          <select
            value={form.language.value}
            onChange={(event) => {
              form.language.value = event.currentTarget.value as CodeLanguage;
            }}
          >
            {codeLanguages.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          Attempts at most
          <input
            type="number"
            min={1}
            max={100}
            value={form.attemptsMax.value}
            onInput={(event) => {
              form.attemptsMax.value = Number(event.currentTarget.value) || 1;
            }}
          />
        </label>
      </div>
      <label class="field">
        Code
        <textarea
          class="code"
          rows={12}
          required
          spellcheck={false}
          aria-describedby="code-hint"
          value={form.code.value}
          onInput={(event) => {
            form.code.value = event.currentTarget.value;
          }}
        />
      </label>
      <p id="code-hint" class="dim">
        {hints[form.language.value]}
      </p>
    </>
  );
}
