import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { engineNames, engines, fullestRuntimeOf } from '../scripts/engines.mjs'

const test = fileURLToPath(new URL('.', import.meta.url))

/** @param {string} name the package under which this Node is installed @param {string} version */
function node(name, version) {
  return { path: join(test, `node_modules/${name}/bin/node`), args: [], version: `node ${version}` }
}

/**
 * The runtimes, by explicit path: a shim found on the PATH may be another version.
 *
 * @type {Record<string, { path: string, args: string[], version: string }>}
 */
export const runtimes = {
  node20: node('node20', '20.20.2'),
  node24: node('node24', '24.21.0'),
  // --bun, or vitest's shebang makes Bun hand the file to Node.
  bun: { path: join(test, 'node_modules/bun/bin/bun.exe'), args: ['--bun'], version: 'bun 1.4.5' },
  // The oldest of each line that is promised, and the newest of the line that is tested nowhere else.
  'node20.17': node('node20.17', '20.17.0'),
  'node22.13': node('node22.13', '22.13.0'),
  node22: node('node22', '22.23.3'),
  'node24.0': node('node24.0', '24.0.0'),
}

/**
 * @typedef {object} Run
 * @property {string} name
 * @property {string} group the runs of one group must hold the same tests
 * @property {string} runtime
 * @property {string[]} folders whose test files it runs; may also name single files
 * @property {string} [engine] set on the cells of the matrix
 * @property {boolean} [everyCore] whether it keeps none of {@link onOneCore} to a core
 */

/**
 * A cell for each engine on each of its runtimes.
 *
 * @param {'runtimes' | 'brief'} which
 * @param {string} group
 * @param {string[]} folders
 * @returns {Run[]}
 */
function cells(which, group, folders) {
  return engineNames.flatMap((engine) =>
    engines[engine][which].map((runtime) => ({
      name: `${engine}:${runtime}`,
      group,
      runtime,
      folders,
      engine,
      // An asynchronous engine has threads of its own, which may meet at the same moment in the cell with the most examples.
      everyCore: runtime === fullestRuntimeOf(engine) && !engines[engine].synchronous,
    })),
  )
}

/**
 * Runs that need an engine and not every runtime of it.
 *
 * @param {string} group
 * @param {import('../scripts/engines.mjs').EngineName[]} names
 * @param {string[]} folders
 * @param {string} [preferred] the runtime, where the engine is on it; the first of the engine otherwise
 * @returns {Run[]}
 */
function oncePerEngine(group, names, folders, preferred) {
  return names.map((engine) => {
    const [first] = /** @type {[string]} */ (engines[engine].runtimes)
    const runtime = engines[engine].runtimes.find((one) => one === preferred) ?? first
    return { name: `${group}:${engine}`, group, runtime, folders, engine }
  })
}

/**
 * @param {import('../scripts/engines.mjs').EngineName} engine
 * @param {string[]} runtimes
 * @returns {Run[]}
 */
function sessions(engine, runtimes) {
  const group = 'changesets'
  return runtimes.map((runtime) => ({
    name: `${group}:${engine}:${runtime}`,
    group,
    runtime,
    folders: ['test/changesets'],
    engine,
  }))
}

/**
 * @param {string} group
 * @param {string[]} runtimes
 * @param {string[]} folders
 * @returns {Run[]}
 */
function suite(group, runtimes, folders) {
  return runtimes.map((runtime) => ({ name: `${group}:${runtime}`, group, runtime, folders }))
}

/**
 * Client libraries of a database server, each a cell.
 *
 * @param {string} group
 * @param {string[]} names
 * @param {string} runtime
 * @param {string[]} folders
 * @returns {Run[]}
 */
function servers(group, names, runtime, folders) {
  return names.map((name) => ({ name, group, runtime, folders, engine: name }))
}

/**
 * Those that wait much, for processes and periods, each between two that compute, so that both cores have work.
 *
 * @param {readonly Run[]} computing
 * @param {readonly Run[]} waiting
 * @returns {Run[]}
 */
function alternately(computing, waiting) {
  const longer = Math.max(computing.length, waiting.length)
  return Array.from({ length: longer }, (_, at) => [computing[at], waiting[at]])
    .flat()
    .filter((run) => run !== undefined)
}

/** Everything `npm test` runs. A test file in none of these folders fails the run. */
export const runs = [
  // What takes longest comes first, so that both cores have work to the end.
  ...alternately(cells('runtimes', 'conformance', ['test/cells']), [
    // Once per engine and not on each runtime: what a kill, a disk or another process does to a file, or to a copy of it, is
    // up to the build of SQLite, and these are all builds there are (node:sqlite on Bun is that of bun:sqlite). Statements
    // that fail are made to by our own driver. What passes a suite of others must pass it on every engine, and on a server's
    // SQL. On Node 24, because it starts a process in less time than Node 20.
    ...oncePerEngine('processes', engineNames, ['test/builds', 'test/failures', 'test/integrations'], 'node24'),
    // What a server and a network do to it, by one client library, because it is the same for all; and the same proofs as on a
    // file, by processes that use different client libraries.
    {
      name: 'postgres:hazards',
      group: 'hazards',
      runtime: 'node24',
      folders: ['test/postgres-hazards', 'test/processes'],
      engine: 'postgres:pg',
    },
    // Each way in which an example starts programs, on every runtime, by the largest: as its own process, by the loader that Node 20
    // needs, by a fork and by a spawn.
    ...suite('examples', ['node20', 'node24', 'bun'], ['test/examples']),
    // How a runtime ends and writes, on Node and on Bun, and the examples that start no programs in another way; and what is the own
    // code of examples and commands, once. Not on Node 20, where a loader of TypeScript takes half a second of the processor at
    // each start.
    ...suite('example-ends', ['node24', 'bun'], ['test/example-ends']),
    ...suite('once', ['node24'], ['test/example-code', 'test/cli-once']),
  ]),
  // What is our own code on any engine: above all the models, which must find bugs that are planted in the stores.
  // And the page of the inspector in a browser of the machine, in a soak: elsewhere it says that it did not run. And the proofs by
  // processes that meet on one file, of which there is one of each engine.
  ...oncePerEngine(
    'models',
    ['node:sqlite'],
    ['test/models', 'test/block-copy-code', 'test/browser', 'test/processes'],
  ),
  // Each is one process after another, so it leaves a core idle where it is the last.
  ...suite('package', ['node24'], ['test/package']),
  ...suite('docs', ['node20'], ['test/docs']),
  // Once on each runtime: what crosses a port and how an engine runs in a thread are the same for all engines. What is the
  // same for all runtimes too is tested on one.
  ...oncePerEngine('remote', ['node:sqlite'], ['test/runtimes', 'test/remote', 'test/thread', 'test/thread-suites']),
  ...oncePerEngine(
    'remote-runtimes',
    ['@photostructure/sqlite', 'bun:sqlite'],
    ['test/runtimes', 'test/remote', 'test/thread'],
  ),
  // On Node and on Bun, whose threads and processes end each in its own way, and the rest of which is our own code; so does dd,
  // which copies large files by blocks. What our own code does with dd is with the models, and what a build of SQLite writes under
  // a copy in test/failures.
  ...oncePerEngine('remote-users', ['node:sqlite', 'bun:sqlite'], ['test/remote-users', 'test/block-copies']),
  // What bounds the memory of an owner, and what keeps it alive, depends on whether a call is answered before the next is begun.
  ...oncePerEngine(
    'remote-limits',
    ['sqlite3'],
    ['test/remote-users/credits.test.ts', 'test/remote-users/malformed.test.ts'],
    'node24',
  ),
  // From a file to the server and back besides, by one engine and one client library.
  ...servers('postgres', ['postgres:pg'], 'node24', ['test/postgres', 'test/host/persistence', 'test/postgres-copy']),
  // What depends on the client library; the statements are the same for all.
  ...servers('clients', ['postgres:postgres.js'], 'node24', ['test/postgres-clients']),
  ...servers('clients', ['postgres:bun'], 'bun', ['test/postgres-clients']),
  // One instance in the process of the tests: what takes two connections is left to the others.
  ...servers('pglite', ['postgres:pglite'], 'node24', ['test/postgres', 'test/pglite']),
  {
    name: 'integrations:postgres:pglite',
    group: 'integrations',
    runtime: 'node24',
    folders: ['test/integrations'],
    engine: 'postgres:pglite',
  },
  // Our own code again, and over no engine: on Node 24, which takes a quarter less for the same than Node 20.
  ...suite('core', ['node24'], ['test/core', 'test/reference']),
  // What answers requests meets the streams and the server of a runtime: on the oldest Node, and by hosts in the integrations.
  ...suite('http', ['node20'], ['test/http']),
  // On each runtime what streams, listens and ends; the rest of the commands once.
  ...suite('cli', ['node20', 'node24', 'bun'], ['test/cli']),
  // On the oldest Node and on Bun; on Node 24 what keeps a process alive and what a collector finds (test/runtimes), over a server,
  // and in the examples.
  ...suite('host', ['node20', 'bun'], ['test/host']),
  // The short ones come last: the less the last takes, the less a core waits for it.
  ...cells('brief', 'versions', ['test/versions']),
  // The engines with sessions, each on what calls it differently.
  ...[...sessions('node:sqlite', ['node24', 'node22', 'bun']), ...sessions('@photostructure/sqlite', ['node20'])],
  ...suite('runner', ['node24'], ['test/runner']),
  ...suite('architecture', ['node24'], ['test/architecture']),
]

/**
 * Test files that start neither a thread nor a process, and of which a run keeps each to one core, where it can: that saves an
 * eighth of their time. On Node a file fails that is here and starts one.
 */
export const onOneCore = [
  'test/cells/conformance.test.ts',
  'test/cells/key-algebra.test.ts',
  'test/runner/kept-to-core.test.ts',
]

/**
 * Tests that a run declares in the open to lack or to have alone, each with the reason.
 *
 * @type {{ run: string, test: string, reason: string }[]}
 */
export const differences = []

/**
 * What `npm test -- --changed` runs: for a changed file that fits `changed`, the tests of `run`, or those of its files that
 * fit `tests`. One engine stands for all where the others differ in nothing that was changed; `npm test` runs them all.
 *
 * @type {import('../scripts/test-run/choose-changed.mjs').TouchRule[]}
 */
export const touchRules = [
  // Rooms that have tests of their own; what all adapters go through is every other.
  {
    changed: /^packages\/shared\/src\/(?!remote|dialects\/sqlite\/(copies|block-copy|standby|changesets|thread)\/)/,
    run: 'node:sqlite:node24',
    tests: /\/conformance\.test/,
  },
  {
    changed: /^packages\/shared\/src\/dialects\/sqlite\/(copies|block-copy|standby)\//,
    run: 'node:sqlite:node24',
    tests: /\/owners\.test/,
  },
  {
    changed: /^packages\/shared\/src\/dialects\/sqlite\/(copies|block-copy|standby)\//,
    run: 'processes:node:sqlite',
    tests: /\/(owners|block-copies)\.test/,
  },
  {
    changed: /^packages\/shared\/src\/dialects\/sqlite\/(copies|block-copy|standby)\//,
    run: 'models:node:sqlite',
    tests: /\/(one-engine|block-copies)\.test/,
  },
  {
    changed: /^packages\/shared\/src\/dialects\/sqlite\/(copies|block-copy)\//,
    run: 'remote-users:node:sqlite',
    tests: /\/block-copies\.test/,
  },
  { changed: /^packages\/shared\/src\/dialects\/sqlite\/changesets\//, run: 'changesets:node:sqlite:node24' },
  { changed: /^packages\/shared\/src\/dialects\/sqlite\/thread\//, run: 'remote:node:sqlite', tests: /\/thread\// },
  { changed: /^packages\/shared\/src\/remote/, run: 'remote:node:sqlite', tests: /\/remote\// },
  { changed: /^packages\/shared\/src\/remote/, run: 'remote-users:node:sqlite' },
  { changed: /^packages\/shared\/src\//, run: 'core:node24' },
  { changed: /^packages\/(idempotency-key|inspector)\/src\//, run: 'http:node20' },
  { changed: /^packages\/[^/]+\/src\//, run: 'architecture:node24' },
  { changed: /^packages\/persistence-conformance\/src\//, run: 'node:sqlite:node24', tests: /\/conformance\.test/ },
  { changed: /^packages\/persistence-conformance\/src\//, run: 'core:node24', tests: /\/reference\// },
  // The first engine of a front end.
  ...engineNames.filter(isFirstOfPackage).map((engine) => ({
    changed: new RegExp(`^packages/${engines[engine].package}/src/`),
    run: `${engine}:${engines[engine].runtimes[0]}`,
    tests: /\/conformance\.test/,
  })),
  {
    changed: /^packages\/persistence-postgres\/src\//,
    run: 'postgres:pg',
    tests: /\/postgres\/conformance\.test/,
  },
  { changed: /^packages\/persistence-postgres\/src\//, run: 'postgres:pglite', tests: /\/pglite\// },
  { changed: /^packages\/persistence-postgres\/src\/wire\//, run: 'postgres:pglite' },
  { changed: /^packages\/persistence-postgres\/src\/wire\//, run: 'postgres:postgres.js' },
  { changed: /^packages\/go-go-scope\/src\//, run: 'host:node20' },
  { changed: /^packages\/go-go-scope\/src\//, run: 'remote:node:sqlite', tests: /\/host-/ },
  { changed: /^packages\/cli\/src\//, run: 'once:node24', tests: /\/cli-once\// },
  { changed: /^packages\/(keyv|unstorage|persistence-otel)\/src\//, run: 'integrations:postgres:pglite' },
  { changed: /^(scripts\/|test\/matrix\.mjs)/, run: 'runner:node24' },
  {
    changed: /^(\.changeset\/|\.pnpmfile\.cjs|packages\/[^/]+\/package\.json)/,
    run: 'runner:node24',
    tests: /\/release\.test/,
  },
  { changed: /^test\/architecture\//, run: 'architecture:node24' },
  { changed: /^(docs\/|[^/]+\.md$|test\/docs\/)/, run: 'docs:node20' },
  { changed: /^(examples|test\/examples)\//, run: 'examples:node24' },
  { changed: /^(examples|test\/examples)\//, run: 'example-ends:node24', tests: /\/small-examples\.test/ },
  { changed: /^examples\//, run: 'once:node24', tests: /\/command-line\.test/ },
  {
    changed: /^(pnpm-lock\.yaml|\.pnpmfile\.cjs|packages\/[^/]+\/package\.json|rolldown\.config\.mjs)$/,
    run: 'package:node24',
  },
]

/** @param {import('../scripts/engines.mjs').EngineName} engine */
function isFirstOfPackage(engine) {
  return engineNames.find((other) => engines[other].package === engines[engine].package) === engine
}
