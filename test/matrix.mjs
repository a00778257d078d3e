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
  // --bun, because vitest's shebang would make Bun start Node.
  bun: { path: join(test, 'node_modules/bun/bin/bun.exe'), args: ['--bun'], version: 'bun 1.4.5' },
  // The oldest promised version of each line, and the newest of the lines that are tested nowhere else.
  'node20.17': node('node20.17', '20.17.0'),
  'node22.13': node('node22.13', '22.13.0'),
  node22: node('node22', '22.23.3'),
  'node24.0': node('node24.0', '24.0.0'),
  node26: node('node26', '26.10.0'),
}

/**
 * @typedef {object} Run
 * @property {string} name
 * @property {string} group the runs of one group must have the same tests in the folders that they share
 * @property {string} runtime
 * @property {string[]} folders whose test files it runs; may also name single files
 * @property {string} [engine] set on the cells of the matrix
 * @property {boolean} [everyCore] whether it pins no file of {@link onOneCore} to a core
 */

/**
 * Returns a cell for each engine on each of its runtimes.
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
      // An asynchronous engine has its own threads. They run in parallel in the cell with the most examples.
      everyCore: runtime === fullestRuntimeOf(engine) && !engines[engine].synchronous,
    })),
  )
}

/**
 * Adds what does not depend on the version of Node: our own code in a thread once on Node and once on Bun, where threads differ,
 * and the suites once.
 *
 * @param {Run} run
 * @returns {Run}
 */
function withThreadCode(run) {
  if (run.runtime === 'node20') return run
  const suites = run.runtime === 'node24' ? ['test/thread-suites'] : []
  return { ...run, folders: [...run.folders, 'test/thread-work', ...suites] }
}

/**
 * Returns runs that need an engine but not each of its runtimes.
 *
 * @param {string} group
 * @param {import('../scripts/engines.mjs').EngineName[]} names
 * @param {string[]} folders
 * @param {string} [preferred] the runtime, if the engine runs on it; otherwise the engine's first runtime is used
 * @returns {Run[]}
 */
function oncePerEngine(group, names, folders, preferred) {
  return names.map((engine) => {
    const [first] = /** @type {[string]} */ (engines[engine].runtimes)
    const runtime = engines[engine].runtimes.find((one) => one === preferred) ?? first
    return { name: `${group}:${engine}`, group, runtime, folders, engine }
  })
}

/** The runs of the engines with sessions, one for each runtime that calls them differently. */
const WITH_SESSIONS = ['node:sqlite:node24', 'node:sqlite:node22', 'node:sqlite:bun', '@photostructure/sqlite:node20']

/**
 * Adds the tests of changesets.
 *
 * @param {Run} run
 * @returns {Run}
 */
function withSessions(run) {
  return WITH_SESSIONS.includes(run.name) ? { ...run, folders: [...run.folders, 'test/changesets'] } : run
}

/**
 * Adds the memory bounds of an owner, and what keeps it alive, on an engine that has not answered a call when the next one begins.
 *
 * @param {Run} run
 * @returns {Run}
 */
function withOwnersLimits(run) {
  const limits = ['test/remote-clients/credits.test.ts', 'test/remote-clients/malformed.test.ts']
  return run.engine === 'sqlite3' ? { ...run, folders: [...run.folders, ...limits] } : run
}

/**
 * @param {string} group
 * @param {string[]} runtimes
 * @param {string[]} folders
 * @param {Record<string, string[]>} [more] by runtime, further folders that need no run of their own
 * @returns {Run[]}
 */
function suite(group, runtimes, folders, more = {}) {
  return runtimes.map((runtime) => {
    return { name: `${group}:${runtime}`, group, runtime, folders: [...folders, ...(more[runtime] ?? [])] }
  })
}

/**
 * Returns a cell for each client library of a database server.
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
 * Places runs that mostly wait, for processes and intervals, between runs that compute, so that both cores have work.
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
  // The longest runs come first, so that both cores have work until the end.
  ...alternately(cells('runtimes', 'conformance', ['test/cells']).map(withSessions), [
    // Once per engine and not on each runtime. How a file or a copy survives a kill, a disk error or another process depends on
    // the build of SQLite, and this covers all builds (node:sqlite on Bun is that of bun:sqlite). Failing statements come from
    // our own driver. Integrations must pass the suites of other libraries on every engine and on a server's SQL. On Node 24,
    // which starts a process faster than Node 20.
    ...oncePerEngine('processes', engineNames, ['test/builds', 'test/failures', 'test/integrations'], 'node24').map(
      withOwnersLimits,
    ),
    // The effects of a server and a network, with one client library, because they are the same for all; and the same proofs as
    // on a file, by processes that use different client libraries.
    {
      name: 'postgres:hazards',
      group: 'hazards',
      runtime: 'node24',
      folders: ['test/postgres-hazards', 'test/processes'],
      engine: 'postgres:pg',
    },
    // What depends on how a runtime starts, ends and writes a program. On every runtime: each way in which an example starts
    // programs, with the largest example (as a separate process, with the loader that Node 20 needs, by fork and by spawn), and
    // the commands of `scopedb` that stream, listen and end. On Node and on Bun: the examples that start no programs in another
    // way; not on Node 20, where a loader for TypeScript takes 0.5 s of CPU time per start. The own code of examples and of
    // `scopedb` runs once. The examples of the documents run once too: each names its runtime.
    ...suite('programs', ['node24', 'node20', 'bun'], ['test/examples', 'test/cli'], {
      node20: ['test/docs'],
      node24: ['test/example-ends', 'test/example-code', 'test/cli-once'],
      bun: ['test/example-ends'],
    }),
  ]),
  // Our own code, which is the same on any engine: above all the models, which must find bugs planted in the stores. Also the
  // page of the inspector in a browser of the machine, in a soak (elsewhere the test says that it did not run), and the proofs
  // by processes that meet on one file, one process per engine.
  ...oncePerEngine(
    'models',
    ['node:sqlite'],
    ['test/models', 'test/block-copy-code', 'test/browser', 'test/processes'],
  ),
  // Once on each runtime: the messages over a port and an engine in a thread are the same for all engines. What is also the same
  // for all runtimes is tested on one.
  ...oncePerEngine(
    'remote',
    ['node:sqlite', '@photostructure/sqlite', 'bun:sqlite'],
    ['test/runtimes', 'test/remote', 'test/thread'],
  ).map(withThreadCode),
  // On Node and on Bun, because their threads, processes and dd (for block copies of large files) end differently. The rest is our
  // own code. How it uses dd is tested with the models, and what a build of SQLite writes during a copy in test/failures.
  ...oncePerEngine('remote-clients', ['node:sqlite', 'bun:sqlite'], ['test/remote-clients', 'test/block-copies']),
  // Runs one process after another, so it would leave a core idle as the last run.
  ...suite('package', ['node24'], ['test/package']),
  // Includes copies from a file to the server and back, with one engine and one client library.
  ...servers('postgres', ['postgres:pg'], 'node24', ['test/postgres', 'test/host/persistence', 'test/postgres-copy']),
  // What depends on the client library; the statements are the same for all.
  ...servers('clients', ['postgres:postgres.js'], 'node24', ['test/postgres-clients']),
  ...servers('clients', ['postgres:bun'], 'bun', ['test/postgres-clients']),
  // One instance in the process of the tests: the other runs test what needs two connections.
  ...servers('pglite', ['postgres:pglite'], 'node24', ['test/postgres', 'test/pglite', 'test/integrations']),
  // Our own code again, without an engine, the runner and the gates: on Node 24, which takes a quarter less time than Node 20.
  ...suite('core', ['node24'], ['test/core', 'test/reference', 'test/runner', 'test/architecture']),
  // On the oldest Node and on Bun. On Node 24 run the tests of leaks and of what keeps a process alive (test/runtimes), those
  // over a server, and the examples. Handlers of requests use the streams and the server of a runtime: here on the oldest Node,
  // in the integrations on all hosts.
  ...suite('host', ['node20', 'bun'], ['test/host'], { node20: ['test/http'] }),
  // Short runs come last, so that no core waits long for the last one.
  ...cells('brief', 'versions', ['test/versions']).map(withSessions),
]

/**
 * Test files that start neither a thread nor a process. A run pins each of them to one core if possible, which saves an eighth of
 * their time. On Node a listed file that starts one fails.
 */
export const onOneCore = [
  'test/cells/conformance.test.ts',
  'test/cells/key-algebra.test.ts',
  'test/runner/kept-to-core.test.ts',
]

/**
 * Tests that are missing in a run of a group or exist only there, each with the reason.
 *
 * @type {{ run: string, test: string, reason: string }[]}
 */
export const differences = []

/**
 * What `npm test -- --changed` runs: for a changed file that matches `changed`, the tests of `run`, or those of its files that
 * match `tests`. One engine stands for all if the others do not depend on the change; `npm test` runs all of them.
 *
 * @type {import('../scripts/test-run/choose-changed.mjs').TouchRule[]}
 */
export const touchRules = [
  // Rooms with their own tests. All adapters use every other room.
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
    run: 'remote-clients:node:sqlite',
    tests: /\/block-copies\.test/,
  },
  {
    changed: /^packages\/shared\/src\/dialects\/sqlite\/changesets\//,
    run: 'node:sqlite:node24',
    tests: /\/changesets\//,
  },
  {
    changed: /^packages\/shared\/src\/dialects\/sqlite\/thread\//,
    run: 'remote:node:sqlite',
    tests: /\/thread(-work)?\//,
  },
  { changed: /^packages\/shared\/src\/remote/, run: 'remote:node:sqlite', tests: /\/remote\// },
  { changed: /^packages\/shared\/src\/remote/, run: 'remote-clients:node:sqlite' },
  { changed: /^packages\/shared\/src\//, run: 'core:node24', tests: /\/(core|reference)\// },
  { changed: /^packages\/(idempotency-key|inspector)\/src\//, run: 'host:node20', tests: /\/http\// },
  { changed: /^packages\/[^/]+\/src\//, run: 'core:node24', tests: /\/architecture\// },
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
  { changed: /^packages\/persistence-postgres\/src\/wire\//, run: 'postgres:pglite', tests: /^test\/p/ },
  { changed: /^packages\/persistence-postgres\/src\/wire\//, run: 'postgres:postgres.js' },
  { changed: /^packages\/go-go-scope\/src\//, run: 'host:node20', tests: /^test\/host\// },
  { changed: /^packages\/go-go-scope\/src\//, run: 'remote:node:sqlite', tests: /\/host-/ },
  { changed: /^packages\/cli\/src\//, run: 'programs:node24', tests: /\/cli-once\// },
  // On SQLite, because PGlite takes seconds to start.
  ...['idempotency-key', 'inspector', 'keyv', 'unstorage', 'persistence-otel'].map((name) => ({
    changed: new RegExp(`^packages/${name}/src/`),
    run: 'processes:node:sqlite',
    tests: new RegExp(`/integrations/${name.replace('persistence-', '')}/`),
  })),
  { changed: /^(scripts\/|test\/matrix\.mjs)/, run: 'core:node24', tests: /\/runner\// },
  {
    changed: /^(\.changeset\/|\.pnpmfile\.cjs|packages\/[^/]+\/package\.json)/,
    run: 'core:node24',
    tests: /\/release\.test/,
  },
  { changed: /^test\/architecture\//, run: 'core:node24', tests: /\/architecture\// },
  { changed: /^(docs\/|[^/]+\.md$|test\/docs\/)/, run: 'programs:node20', tests: /\/docs\// },
  { changed: /^(examples|test\/examples)\//, run: 'programs:node24', tests: /^test\/examples\// },
  { changed: /^(examples|test\/examples)\//, run: 'programs:node24', tests: /\/example-ends\/small-examples\.test/ },
  { changed: /^examples\//, run: 'programs:node24', tests: /\/command-line\.test/ },
  {
    changed: /^(pnpm-lock\.yaml|\.pnpmfile\.cjs|packages\/[^/]+\/package\.json|rolldown\.config\.mjs)$/,
    run: 'package:node24',
  },
]

/** @param {import('../scripts/engines.mjs').EngineName} engine */
function isFirstOfPackage(engine) {
  return engineNames.find((other) => engines[other].package === engines[engine].package) === engine
}
