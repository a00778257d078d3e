import { rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { onOneCore, runtimes } from '../../test/matrix.mjs'
import { root } from '../workspace.mjs'
import { CoreSharing, coresToKeepTo } from './cores.mjs'
import { judgeRun } from './judge-run.mjs'
import { makeScratchFolder } from './make-scratch-folder.mjs'
import { runVitest } from './run-vitest.mjs'

/**
 * The number of concurrent runs: two more than cores, because a run waits for processes and threads for a third of its time, and
 * some runs mostly wait for intervals and servers.
 */
const AT_ONCE = availableParallelism() + 2

/**
 * Executes the planned runs and prints the end of each.
 *
 * @param {ReturnType<typeof import('./plan-runs.mjs').planRuns>} plan
 * @param {readonly import('../../test/matrix.mjs').Run[]} runs those to judge; one that is not in the plan has failed
 * @param {string | undefined} pattern of test names
 * @returns {Promise<import('./judge-run.mjs').Verdict[]>} in the order of `runs`
 */
export async function runAndJudge(plan, runs, pattern) {
  const folder = makeScratchFolder()
  /** @type {Map<string, import('./judge-run.mjs').Outcome>} */
  const outcomes = new Map()
  const queue = [...plan]
  const cores = new CoreSharing(coresToKeepTo())
  async function worker() {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      // vitest gets files and not folders: a folder's name would also match longer paths that contain it.
      const core = keepsToCore(next) ? cores.take() : undefined
      const outcome = await runVitest(next.run, { files: next.files, pattern, folder, core })
      cores.give(core)
      outcomes.set(next.run.name, outcome)
      console.error(`${next.run.name}: ${outcome.seconds.toFixed(1)} s`)
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return runs.map((run) =>
    judgeRun(run, outcomes.get(run.name), {
      version: runtimes[run.runtime]?.version ?? 'undeclared',
      root,
      pattern: pattern !== undefined,
    }),
  )
}

/** @param {{ run: import('../../test/matrix.mjs').Run, files: readonly string[] }} planned */
function keepsToCore({ run, files }) {
  return run.everyCore !== true && files.some((file) => onOneCore.includes(file))
}
