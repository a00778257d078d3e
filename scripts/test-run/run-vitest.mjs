import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runtimes } from '../../test/matrix.mjs'
import { runProcess } from '../run-process.mjs'
import { tools } from '../workspace.mjs'

/** ms; a longer run is taken for hanging. Full counts take eight minutes on a quiet machine, and many times that on a loaded one. */
const RUN_LIMIT = { tests: 15 * 60_000, soak: 60 * 60_000 }

/**
 * Runs the tests of one declared run in a process of its runtime.
 *
 * @param {import('../../test/matrix.mjs').Run} run
 * @param {{ files: readonly string[], pattern: string | undefined, folder: string, core: number | undefined }} options `files` are relative to
 *   the root; `folder` receives the report and the temporary files; `core` is for files that are pinned to one core
 * @returns {Promise<import('./judge-run.mjs').Outcome>}
 */
export async function runVitest(run, { files, pattern, folder, core }) {
  const runtime = runtimes[run.runtime]
  if (!runtime) throw new Error(`${run.name} names the runtime ${run.runtime}, which test/matrix.mjs does not have`)
  const reportFile = join(folder, `${run.name.replaceAll(/[^a-z0-9]/gi, '-')}.json`)
  // The runs of one start share their transformed modules. The folder is temporary: after a change of the lockfile, each
  // starting run would remove a permanent one while others use it.
  const shared = ['--experimental.fsModuleCache', `--experimental.fsModuleCachePath=${join(folder, 'modules')}`]
  // One process for all files of a run: one per file took a fifth of a run's time.
  const args = [
    'run',
    ...files,
    '--maxWorkers=1',
    '--isolate=false',
    '--reporter=json',
    `--outputFile=${reportFile}`,
    ...shared,
  ]
  if (pattern !== undefined) args.push('-t', pattern)
  // Options of this process must not leak into a runtime of another version.
  const env = {
    ...process.env,
    CELL: run.engine === undefined ? undefined : run.name,
    NODE_OPTIONS: undefined,
    // Node 20 reads these certificates at every start, which took two thirds of it (55 of 83 ms of CPU time). Only npm and
    // pnpm, which test/package and soaks start, may need a registry.
    ...(run.group !== 'package' && process.env.SOAK === undefined && { NODE_EXTRA_CA_CERTS: undefined }),
    TMPDIR: folder,
    TEST_CORE: core === undefined ? undefined : String(core),
    // The processes of the tests repeatedly load the same files. Node from 22.1 on loads them compiled, which saves a tenth to a
    // fifth of a run.
    NODE_COMPILE_CACHE: join(folder, 'compiled'),
    // The data of a PostgreSQL server as `initdb` makes it; the first server of this start leaves it for the others.
    POSTGRES_TEMPLATE: join(folder, 'postgres-template'),
  }
  const outcome = await runProcess(runtime.path, [...runtime.args, tools.vitest, ...args], {
    env,
    limit: process.env.SOAK === undefined ? RUN_LIMIT.tests : RUN_LIMIT.soak,
  }).catch((error) => notStarted(error))
  return { ...outcome, report: existsSync(reportFile) ? parseReport(reportFile) : undefined }
}

/**
 * A missing runtime is a failed run, and the other runs continue.
 *
 * @param {Error} error
 */
function notStarted(error) {
  return { exitCode: null, signal: null, timedOut: false, output: error.message, seconds: 0, coreSeconds: 0 }
}

/**
 * @param {string} file
 * @returns {import('./judge-run.mjs').Report | undefined} undefined for an incomplete report
 */
function parseReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
