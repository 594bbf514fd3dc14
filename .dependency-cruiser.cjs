/**
 * The architecture, as rules a machine can hold us to.
 *
 *   contract <- core <- ports <- engine <- { api, runner } <- edges (functions, embedded)
 *                         ^
 *                         adapters
 */
const ours = '^(src|functions|infra|cli|dashboard|runtime-images|examples|bench|test|tools)/';

const allow = (name, from, to, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: ours, pathNot: [from, ...to] },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    allow(
      'contract-stands-alone',
      '^src/contract/',
      [],
      'The words of the system depend on nothing of ours.',
    ),
    allow(
      'core-knows-only-contract',
      '^src/core/',
      ['^src/contract/'],
      'The core decides; it knows no world.',
    ),
    allow(
      'definition-compiles',
      '^src/definition/',
      ['^src/(contract|core)/'],
      'From what users write to the canonical definition: no world needed.',
    ),
    allow(
      'ports-know-only-core',
      '^src/ports/',
      ['^src/(contract|core)/'],
      'A port speaks in words of the core.',
    ),
    allow(
      'engine-knows-no-adapter',
      '^src/engine/',
      ['^src/(contract|core|ports)/'],
      'The engine gets its adapters as arguments.',
    ),
    allow(
      'adapters-know-ports',
      '^src/adapters/',
      ['^src/(contract|core|ports)/'],
      'An adapter implements a port, and no more.',
    ),
    allow(
      'runner-knows-no-adapter',
      '^src/runner/',
      ['^src/(contract|core|ports|engine)/'],
      'The agent is the same on every substrate.',
    ),
    allow(
      'access-knows-the-engine-s-table',
      '^src/access/',
      ['^src/(contract|ports|engine)/'],
      'Who may call: accounts over the same table, in keys like those of the engine.',
    ),
    allow(
      'api-is-routes',
      '^src/api/',
      ['^src/(contract|core|ports|engine|access|definition)/'],
      'Routes translate between HTTP and the engine.',
    ),
    allow(
      'client-knows-only-contract',
      '^src/client/',
      ['^src/contract/'],
      'The client talks over HTTP, in words of the contract.',
    ),
    allow(
      'embedded-composes',
      '^src/embedded/',
      [
        '^src/(contract|core|definition|ports|engine|access|runner|api|client)/',
        '^src/adapters/(embedded/|[^/]+$)',
      ],
      'The composition root of local mode.',
    ),
    allow(
      'entry-shows-the-library',
      '^src/[^/]+$',
      ['^src/(contract|core|definition|ports|engine|access|runner|api|client|embedded)/'],
      'The public entry names what users may rely on; adapters have entries of their own.',
    ),
    allow(
      'functions-compose',
      '^functions/',
      ['^src/(contract|definition|ports|engine|runner|api)/', '^src/adapters/(aws/|http/|[^/]+$)'],
      'Handlers wire and translate. They never decide, so they may not reach the core.',
    ),
    allow(
      'infra-describes',
      '^infra/',
      [
        '^functions/shared/(env|metric-names|retention|stream)[.]ts$',
        '^src/contract/',
        '^src/adapters/aws/(table-schema|object-prefixes|region-services)[.]ts$',
        '^tools/build-(functions|images)[.]ts$',
      ],
      'Stacks know what a function is told, not what it does.',
    ),
    allow(
      'cli-is-a-client',
      '^cli/',
      ['^src/(client|contract|definition|embedded)/'],
      'The command line sees what any client sees, save for local mode.',
    ),
    allow(
      'dashboard-is-a-client',
      '^dashboard/',
      ['^src/(client|contract)/'],
      'The dashboard sees what any client sees.',
    ),
    allow(
      'images-wrap-the-runner',
      '^runtime-images/',
      [
        '^src/(client|contract|ports|engine|runner)/',
        '^src/adapters/(aws/|[^/]+$)',
        '^functions/(shared/|run[.]ts$)',
      ],
      'An image composes the runner for its substrate; what it is told there is what functions are told.',
    ),
    allow(
      'examples-use-public-entries',
      '^examples/',
      ['^src/index[.]ts$', '^src/embedded/index[.]ts$'],
      'Readers copy them, so they use what users can.',
    ),
    allow('tools-read-the-library', '^tools/', ['^src/'], 'Printers and checks.'),
    {
      name: 'only-types-of-core',
      comment: 'Ports, adapters and the API may name the types of the core but not call it.',
      severity: 'error',
      from: { path: '^src/(adapters|ports|api)/' },
      to: { path: '^src/core/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'adapters-do-not-know-each-other',
      comment: 'What two of them share lies beside their folders.',
      severity: 'error',
      from: { path: '^src/adapters/([^/]+)/' },
      to: { path: '^src/adapters/[^/]+/', pathNot: '^src/adapters/$1/' },
    },
    {
      name: 'core-takes-only-types-of-contract',
      comment: 'So that zod is never loaded by the core.',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { path: '^src/contract/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'core-is-pure',
      comment: 'No Node built-ins and no packages in the core, not even their types.',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { pathNot: ours },
    },
    {
      name: 'contract-takes-only-zod',
      comment: 'It is loaded by clients of any kind, browsers among them.',
      severity: 'error',
      from: { path: '^src/contract/' },
      to: { pathNot: [ours, 'node_modules/zod/'] },
    },
    {
      name: 'aws-sdk-only-in-aws-adapters',
      comment: 'One place to mock, to meter and to update.',
      severity: 'error',
      from: { path: ours, pathNot: '^(src/adapters/aws|test|bench)/' },
      to: { path: '(^|node_modules/)@(aws-sdk|smithy)/' },
    },
    {
      name: 'local-never-meets-aws',
      comment: 'Who runs it on a laptop loads no SDK.',
      severity: 'error',
      from: { path: '^(src/embedded|cli)/' },
      to: { path: '^src/adapters/aws/|(^|node_modules/)@aws-sdk/', reachable: true },
    },
    {
      name: 'cdk-only-in-infra',
      comment: 'It is an optional peer: only who deploys has it.',
      severity: 'error',
      from: { path: ours, pathNot: '^(infra|test)/' },
      to: { path: '(^|node_modules/)(aws-cdk-lib|constructs)/?' },
    },
    {
      name: 'middy-only-in-functions',
      comment: 'Middleware is of the edge.',
      severity: 'error',
      from: { path: ours, pathNot: '^(functions|test)/' },
      to: { path: '(^|node_modules/)@middy/' },
    },
    {
      name: 'no-cycles',
      comment: 'Of two files that need each other, one thing is missing: a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'nothing-needs-tests',
      comment: 'Tests and benchmarks look at everything and are seen by nothing.',
      severity: 'error',
      from: { pathNot: '^(test|bench)/' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'no-development-packages',
      comment: 'What runs at the user is a dependency, not a development dependency.',
      severity: 'error',
      from: { path: '^(src|cli)/' },
      // Optional peers are tried in development, and brought by those who use them.
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm-peer'] },
    },
    {
      name: 'no-unknown',
      comment: 'Each import leads to a file or to a listed package.',
      severity: 'error',
      from: { path: ours },
      to: { couldNotResolve: true },
    },
    {
      name: 'no-orphans',
      comment: 'A file that nothing uses, and that uses nothing, is left over.',
      severity: 'error',
      from: { orphan: true, path: '^(src|functions|infra)/', pathNot: '[.]json$' },
      to: {},
    },
  ],
  options: {
    // TypeScript 7 has no parser to load. That of swc sees type-only imports without further settings,
    // but knows no `using`: it stops at one, with the file's name.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    // Packages and output of the folders that have a manifest of their own.
    exclude: {
      path: '^(infra|dashboard|runtime-images|examples)/.*(node_modules|dist|cdk[.]out)/',
    },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};
