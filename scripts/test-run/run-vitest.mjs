import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runtimes } from '../../test/matrix.mjs'
import { runProcess } from '../run-process.mjs'
import { tools } from '../workspace.mjs'

/** ms; a run that takes longer hangs. Full counts take eight minutes on a quiet machine, and many times that on a busy one. */
const RUN_LIMIT = { tests: 15 * 60_000, soak: 60 * 60_000 }

/**
 * Runs the tests of one declared run, in a process of the runtime it names.
 *
 * @param {import('../../test/matrix.mjs').Run} run
 * @param {{ files: readonly string[], pattern: string | undefined, folder: string, core: number | undefined }} options `files` are relative to
 *   the root; `folder` takes the report and
 *   the temporary files; `core` is that of the files which keep to one
 * @returns {Promise<import('./judge-run.mjs').Outcome>}
 */
export async function runVitest(run, { files, pattern, folder, core }) {
  const runtime = runtimes[run.runtime]
  if (!runtime) throw new Error(`${run.name} names the runtime ${run.runtime}, which test/matrix.mjs does not have`)
  const reportFile = join(folder, `${run.name.replaceAll(/[^a-z0-9]/gi, '-')}.json`)
  // What one run has transformed, the others of this start take. Not a folder that stays: after a change of the lockfile each
  // run that starts would remove it, also from under the others.
  const shared = ['--experimental.fsModuleCache', `--experimental.fsModuleCachePath=${join(folder, 'modules')}`]
  // One process for all files of a run: starting one for each took a fifth of a run's time.
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
  // What this process was started with must not leak into a runtime of another version.
  const env = {
    ...process.env,
    CELL: run.engine === undefined ? undefined : run.name,
    NODE_OPTIONS: undefined,
    // Node 20 reads these certificates whenever it starts, which was two thirds of the time of a start (55 of 83 ms of CPU).
    // Only npm and pnpm, which test/package starts, may have to reach a registry.
    ...(run.group !== 'package' && { NODE_EXTRA_CA_CERTS: undefined }),
    TMPDIR: folder,
    TEST_CORE: core === undefined ? undefined : String(core),
    // The processes of the tests load the same files over and over: those of Node from 22.1 take them compiled, which saves a
    // tenth to a fifth of a run.
    NODE_COMPILE_CACHE: join(folder, 'compiled'),
    // The data of a PostgreSQL server as `initdb` makes it, which the first server of this start leaves there for the others.
    POSTGRES_TEMPLATE: join(folder, 'postgres-template'),
  }
  const outcome = await runProcess(runtime.path, [...runtime.args, tools.vitest, ...args], {
    env,
    limit: process.env.SOAK === undefined ? RUN_LIMIT.tests : RUN_LIMIT.soak,
  }).catch((error) => notStarted(error))
  return { ...outcome, report: existsSync(reportFile) ? parseReport(reportFile) : undefined }
}

/**
 * A runtime that is missing is a failed run like any other, and the rest still runs.
 *
 * @param {Error} error
 */
function notStarted(error) {
  return { exitCode: null, signal: null, timedOut: false, output: error.message, seconds: 0, coreSeconds: 0 }
}

/**
 * @param {string} file
 * @returns {import('./judge-run.mjs').Report | undefined} undefined for a report that was cut off
 */
function parseReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
