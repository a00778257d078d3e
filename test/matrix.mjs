import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const test = fileURLToPath(new URL('.', import.meta.url))

/**
 * The runtimes, by explicit path: a shim found on the PATH may be another version.
 *
 * @type {Record<string, { path: string, args: string[], version: string }>}
 */
export const runtimes = {
  node20: { path: join(test, 'node_modules/node20/bin/node'), args: [], version: 'node 20.20.2' },
  node24: { path: join(test, 'node_modules/node24/bin/node'), args: [], version: 'node 24.21.0' },
  // --bun, or vitest's shebang makes Bun hand the file to Node.
  bun: { path: join(test, 'node_modules/bun/bin/bun.exe'), args: ['--bun'], version: 'bun 1.4.5' },
}

/** Engine → its module under cells/engines and the runtimes it must hold every promise on. */
export const engines = {
  sqlite3: { module: 'sqlite3.mjs', runtimes: ['node20', 'node24', 'bun'] },
  'bun:sqlite': { module: 'bun-sqlite.mjs', runtimes: ['bun'] },
  'node:sqlite': { module: 'node-sqlite.mjs', runtimes: ['node24', 'bun'] },
  '@photostructure/sqlite': { module: 'photostructure-sqlite.mjs', runtimes: ['node20', 'node24'] },
}

/**
 * @typedef {object} Run
 * @property {string} name
 * @property {string} group the runs of one group must hold the same tests
 * @property {string} runtime
 * @property {string[]} folders whose test files it runs
 * @property {string} [engine] set on the cells of the matrix
 * @property {boolean} [oneProcess] its files run in one process one after the other, which saves its start for each
 */

/** @type {Run[]} */
const cells = Object.entries(engines).flatMap(([engine, { runtimes }]) =>
  runtimes.map((runtime) => ({
    name: `${engine}:${runtime}`,
    group: 'conformance',
    runtime,
    folders: ['test/cells'],
    engine,
  })),
)

/**
 * @param {string} group
 * @param {string[]} runtimes
 * @param {string[]} folders
 * @returns {Run[]}
 */
function suite(group, runtimes, folders) {
  return runtimes.map((runtime) => ({ name: `${group}:${runtime}`, group, runtime, folders }))
}

/** Everything `npm test` runs. A test file in none of these folders fails the run. */
export const runs = [
  // First, because they take long and would otherwise keep one core waiting at the end.
  ...suite('examples', ['node20', 'node24', 'bun'], ['test/examples']),
  ...cells,
  // Many small files without native state, so half of the time went into starting a process for each.
  ...suite('host', ['node20', 'node24', 'bun'], ['test/host']).map((run) => ({ ...run, oneProcess: true })),
  ...suite('core', ['node20'], ['test/core']),
  ...suite('reference', ['node20'], ['test/reference']),
  ...suite('runner', ['node20'], ['test/runner']),
  ...suite('architecture', ['node20'], ['test/architecture']),
  ...suite('package', ['node20'], ['test/package']),
  ...suite('docs', ['node20'], ['test/docs']),
]

/**
 * Tests that a run declares in the open to lack or to have alone, each with the reason.
 *
 * @type {{ run: string, test: string, reason: string }[]}
 */
export const differences = []
