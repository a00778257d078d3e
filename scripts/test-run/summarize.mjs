import { judgeNames } from './judge-names.mjs'

/**
 * Adds up the verdicts of a run.
 *
 * @param {readonly import('./judge-run.mjs').Verdict[]} verdicts
 * @param {object} checks
 * @param {readonly { run: string, test: string }[]} checks.differences
 * @param {readonly string[]} checks.matrixProblems
 * @param {readonly string[]} checks.wholeGroups the groups that ran completely, whose names can be compared
 * @returns {{ passed: number, failed: number, problems: { name: string, problem: string }[],
 *   rows: { name: string, passed: number, failed: number, seconds: number, coreSeconds?: number | undefined }[] }}
 */
export function summarize(verdicts, { differences, matrixProblems, wholeGroups }) {
  const comparable = verdicts.filter(({ group }) => wholeGroups.includes(group))
  const nameProblems = judgeNames(
    comparable,
    differences.filter(({ run }) => comparable.some(({ name }) => name === run)),
  )
  const rows = verdicts.map(({ name, passed, failed, seconds, coreSeconds }) => ({
    name,
    passed,
    failed: failed + nameProblems.filter((problem) => problem.name === name).length,
    seconds,
    coreSeconds,
  }))
  const problems = [
    ...verdicts.flatMap(({ name, problems }) => problems.map((problem) => ({ name, problem }))),
    ...nameProblems,
    ...matrixProblems.map((problem) => ({ name: 'matrix', problem })),
  ]
  const passed = rows.reduce((sum, row) => sum + row.passed, 0)
  return { passed, failed: problems.length, problems, rows }
}
