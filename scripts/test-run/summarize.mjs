import { judgeNames } from './judge-names.mjs'

/**
 * Adds up the verdicts of a run.
 *
 * @param {readonly import('./judge-run.mjs').Verdict[]} verdicts
 * @param {object} checks
 * @param {readonly { run: string, test: string }[]} checks.differences
 * @param {readonly string[]} checks.fileProblems
 * @param {boolean} checks.partial true when only some tests were asked for, which makes names incomparable
 * @returns {{ passed: number, failed: number, problems: { name: string, problem: string }[],
 *   rows: { name: string, passed: number, failed: number, seconds: number }[] }}
 */
export function summarize(verdicts, { differences, fileProblems, partial }) {
  const nameProblems = partial ? [] : judgeNames(verdicts, differences)
  const rows = verdicts.map(({ name, passed, failed, seconds }) => ({
    name,
    passed,
    failed: failed + nameProblems.filter((problem) => problem.name === name).length,
    seconds,
  }))
  const problems = [
    ...verdicts.flatMap(({ name, problems }) => problems.map((problem) => ({ name, problem }))),
    ...nameProblems,
    ...fileProblems.map((problem) => ({ name: 'matrix', problem })),
  ]
  const passed = rows.reduce((sum, row) => sum + row.passed, 0)
  return { passed, failed: problems.length, problems, rows }
}
