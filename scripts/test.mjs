import { runs as declared, differences } from '../test/matrix.mjs'
import './end-with-reader.mjs'
import { createPaint } from './paint.mjs'
import { setUp } from './set-up.mjs'
import { chooseRuns } from './test-run/choose-runs.mjs'
import { findTestFiles } from './test-run/find-test-files.mjs'
import { formatSummary } from './test-run/format-summary.mjs'
import { judgeMatrix } from './test-run/judge-matrix.mjs'
import { planRuns } from './test-run/plan-runs.mjs'
import { runAndJudge } from './test-run/run-and-judge.mjs'
import { summarize } from './test-run/summarize.mjs'
import { root } from './workspace.mjs'

const asked = chooseRuns(declared, {
  command: 'npm test',
  purpose: 'Runs the tests, on every engine and runtime. The last line is the total.',
})
const { runs, files: filters, pattern, changed } = asked
await setUp()

const allFiles = findTestFiles(root)
const partial = filters.length > 0 || pattern !== undefined || changed || runs.length < declared.length
const plan = planRuns(asked, allFiles)
const started = partial ? plan.map(({ run }) => run) : runs

const summary = summarize(await runAndJudge(plan, started, pattern), {
  differences,
  matrixProblems: matrixProblems(),
  wholeGroups: wholeGroups(),
})
process.exitCode = summary.failed === 0 ? 0 : 1
console.log(formatSummary(summary, createPaint(process.stdout)))

/** Returns the groups that ran completely, so that the names of their tests can be compared. */
function wholeGroups() {
  if (filters.length > 0 || pattern !== undefined || changed) return []
  const groups = [...new Set(declared.map(({ group }) => group))]
  return groups.filter((group) => declared.every((run) => run.group !== group || runs.includes(run)))
}

function matrixProblems() {
  if (!partial) return judgeMatrix(allFiles, declared, differences)
  return started.length === 0 ? [changed ? 'no test is touched by what changed' : 'no test file matches'] : []
}
