/**
 * @typedef {import('../../test/matrix.mjs').Run} Run
 * @typedef {{ fullName: string, status: string, failureMessages?: string[] | null, meta?: { runtime?: string, engine?: string, diffs?: string[] } }} Assertion
 * @typedef {{ success: boolean, testResults: { name: string, status: string, message?: string, assertionResults: Assertion[] }[] }} Report vitest's JSON report
 * @typedef {object} Outcome the end of a run's process
 * @property {number | null} exitCode
 * @property {string | null} signal
 * @property {boolean} timedOut
 * @property {number} seconds
 * @property {number | undefined} [coreSeconds] CPU time, including child processes; undefined on any system but Linux
 * @property {string} output
 * @property {Report | undefined} report undefined when none was written
 * @typedef {object} Verdict
 * @property {string} name of the run
 * @property {string} group
 * @property {readonly string[]} folders of the run
 * @property {number} passed tests
 * @property {number} failed tests, plus one for each way the run itself is wrong
 * @property {number} seconds
 * @property {number | undefined} [coreSeconds]
 * @property {string[]} problems
 * @property {string[]} tests names of all tests, as `file > test`
 */

/**
 * Counts the tests of one run. Everything but a passed test on the declared runtime and engine counts as failed.
 *
 * @param {Run} run
 * @param {Outcome | undefined} outcome undefined when the run was never started
 * @param {{ version: string, root: string, pattern?: boolean }} expected `version` of the runtime; `pattern` when a
 *   test name pattern was asked for, which makes vitest skip the rest
 * @returns {Verdict}
 */
export function judgeRun(run, outcome, { version, root, pattern = false }) {
  const { name, group, folders } = run
  if (outcome === undefined) {
    return {
      name,
      group,
      folders,
      passed: 0,
      failed: 1,
      seconds: 0,
      problems: ['declared, but it did not run'],
      tests: [],
    }
  }
  const { report, seconds, coreSeconds } = outcome
  /** @type {string[]} */
  const problems = []
  const tests = []
  const runtimes = new Set()
  const seenEngines = new Set()
  let passed = 0

  for (const file of report?.testResults ?? []) {
    const path = file.name.startsWith(root) ? file.name.slice(root.length + 1) : file.name
    for (const { fullName, status, failureMessages, meta } of file.assertionResults) {
      const test = `${path} > ${fullName}`
      if (pattern && (status === 'skipped' || status === 'pending')) continue
      tests.push(test)
      if (status === 'passed') passed += 1
      else if (status === 'failed') problems.push([test, ...(failureMessages ?? []), ...(meta?.diffs ?? [])].join('\n'))
      else problems.push(`${test}\nnot run: its status is ${status}`)
      if (meta?.runtime !== undefined) runtimes.add(meta.runtime)
      if (meta?.engine !== undefined && status === 'passed') seenEngines.add(meta.engine)
    }
    const failedTests = file.assertionResults.some(({ status }) => status === 'failed')
    if (file.status === 'failed' && !failedTests) problems.push(`${path}\n${file.message ?? 'the file failed'}`)
  }

  if (outcome.timedOut) problems.push(`killed after ${seconds.toFixed(0)} s${tail(outcome)}`)
  else if (report === undefined) problems.push(`crashed: ${ending(outcome)} and no report${tail(outcome)}`)
  else if (problems.length === 0 && (outcome.exitCode !== 0 || !report.success)) {
    problems.push(`${ending(outcome)}, although no test failed${tail(outcome)}`)
  }
  if (report !== undefined && tests.length === 0 && problems.length === 0) problems.push('no test ran')
  for (const runtime of runtimes) if (runtime !== version) problems.push(`ran on ${runtime}, declared is ${version}`)
  if (passed > 0 && runtimes.size === 0) problems.push('no test says which runtime it ran on')
  if (run.engine !== undefined && !pattern && tests.length > 0) {
    const seen = [...seenEngines].join(', ') || 'none'
    if (seen !== run.engine) problems.push(`declared engine is ${run.engine}, proven is ${seen}`)
  }
  return { name, group, folders, passed, failed: problems.length, seconds, coreSeconds, problems, tests }
}

/** @param {Outcome} outcome */
function ending({ exitCode, signal }) {
  return signal === null ? `exit code ${exitCode}` : `ended by ${signal}`
}

/** @param {Outcome} outcome */
function tail({ output }) {
  const lines = output.trimEnd().split('\n').slice(-40).join('\n')
  return lines === '' ? '' : `\n${lines}`
}
