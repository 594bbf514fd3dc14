/** What `fanfold init` writes. The first file is the workflow. */
const workflow = `# A first workflow: one task lists names, a greeting is made for each, and one task puts them together.
name: hello
input:
  greeting: { type: string, default: Hello }

tasks:
  names:
    run: tasks/names.mjs

  greet:
    needs: names
    each: \${{ tasks.names.output.people }} # one sub-task for each of them, all at the same time
    with: { greeting: "\${{ input.greeting }}", person: "\${{ item }}" }
    run: tasks/greet.mjs

  letter:
    needs: greet
    with: { lines: "\${{ tasks.greet.output }}" }
    run: tasks/letter.mjs
`;

const names = `// A task is any program. Its output is the JSON that it prints as its last line.
console.log(JSON.stringify({ people: ['Ada', 'Grace', 'Katherine'] }));
`;

const greet = `// Its input comes as JSON on stdin.
const { greeting, person } = JSON.parse(await new Response(process.stdin).text());
console.log(JSON.stringify(\`\${greeting}, \${person}!\`));
`;

const letter = `const { lines } = JSON.parse(await new Response(process.stdin).text());
console.log(JSON.stringify({ text: lines.join(' ') }));
`;

const readme = `# hello

- \`npx fanfold run workflow.yaml\` runs it; add \`--input greeting=Welcome\` to change its input.
- \`npx fanfold lint workflow.yaml\` checks it.
- \`npx fanfold show last\` and \`npx fanfold logs last\` look at the last run.
`;

export const templates: Readonly<Record<string, string>> = {
  'workflow.yaml': workflow,
  'tasks/names.mjs': names,
  'tasks/greet.mjs': greet,
  'tasks/letter.mjs': letter,
  'README.md': readme,
};
