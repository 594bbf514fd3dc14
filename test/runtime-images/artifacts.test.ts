import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { Task } from '../../src/contract/workflow.ts';
import { parseFunctionText } from '../../src/definition/run-text.ts';
import { startEmbedded } from '../../src/embedded/index.ts';
import { bash } from './languages/bash.ts';
import { java } from './languages/java.ts';
import { node } from './languages/node.ts';
import { perl } from './languages/perl.ts';
import { php } from './languages/php.ts';
import { python } from './languages/python.ts';
import { ruby } from './languages/ruby.ts';

/** A function that gives on what the task before has left, with its own name in a line more. */
const sources = [
  [
    node,
    'n.mjs#give',
    `import { cpSync, appendFileSync, readdirSync } from 'node:fs';
     export function give(_, task) {
       for (const need of readdirSync(task.inputs)) cpSync(task.inputs + '/' + need + '/f', task.artifacts + '/f');
       appendFileSync(task.artifacts + '/f', 'node\\n');
     }`,
  ],
  [
    python,
    'p.py#give',
    `import os
def give(input, task):
    for need in os.listdir(task.inputs):
        text = open(task.inputs + "/" + need + "/f").read()
    open(task.artifacts + "/f", "w").write(text + "python\\n")`,
  ],
  [bash, 'b.sh#give', 'give() { { cat "$TASK_INPUTS"/*/f; echo bash; } >"$TASK_ARTIFACTS/f"; }'],
  [
    perl,
    'l.pl#give',
    `sub give {
       my (undef, $task) = @_;
       my ($from) = glob $task->inputs . '/*/f';
       open my $in, '<', $from or die $!;
       open my $out, '>', $task->artifacts . '/f' or die $!;
       print {$out} readline($in), "perl\\n";
       return;
     }`,
  ],
  [
    ruby,
    'r.rb#give',
    `def give(_, task)
       text = File.read(Dir.glob(task.inputs + '/*/f').first)
       File.write(task.artifacts + '/f', text + "ruby\\n")
     end`,
  ],
  [
    php,
    'h.php#give',
    `<?php function give($input, Fanfold\\Task $task) {
       file_put_contents("$task->artifacts/f", file_get_contents(glob("$task->inputs/*/f")[0]) . "php\\n");
     }`,
  ],
  [
    java,
    'Give.java#give',
    `import java.nio.file.*;
     class Give {
       static void give(dev.fanfold.Task task) throws Exception {
         try (var needs = Files.list(task.inputs())) {
           String text = Files.readString(needs.findFirst().get().resolve("f"));
           Files.writeString(task.artifacts().resolve("f"), text + "java\\n");
         }
       }
     }`,
  ],
] as const;

const folder = mkdtempSync(join(tmpdir(), 'fanfold-give-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a function in each language gets files, and leaves files', async () => {
  const present = sources.filter(([language]) => language.missing() === undefined);
  const start = {
    kind: 'shell',
    line: 'echo shell >"$TASK_ARTIFACTS/f"',
  } as const;
  const tasks: Task[] = [{ id: 'start', artifacts: true, run: start }];
  for (const [{ name }, text, source] of present) {
    const run = parseFunctionText(text);
    if (run === undefined) throw new Error(text);
    writeFileSync(join(folder, run.path), source);
    const before = tasks.at(-1)?.id ?? '';
    tasks.push({ id: name, artifacts: true, needs: [before], run: { kind: 'function', ...run } });
  }
  const last = tasks.at(-1)?.id ?? '';
  const show = { kind: 'shell', line: `cat "$TASK_INPUTS/${last}/f"` } as const;
  tasks.push({ id: 'end', needs: [last], run: show });
  const open = await startEmbedded({ dataFolder: join(folder, 'kept'), slots: 2, port: null });
  try {
    const code = { folder };
    const { run } = await open.engine.submit({ workflow: { name: 'give', tasks }, code });
    await open.engine.end(run.id, 300_000);
    expect((await open.engine.run(run.id)).failures).toEqual([]);
    const { lines } = await open.engine.logs({ run: run.id, task: 'end' });
    const names = present.map(([{ name }]) => name);
    expect(lines.map(({ text }) => text)).toEqual(['shell', ...names]);
  } finally {
    await open.close();
  }
}, 300_000);
