import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runs as declared, differences, runtimes } from '../test/matrix.mjs'
import './end-with-reader.mjs'
import { createPaint } from './paint.mjs'
import { setUp } from './set-up.mjs'
import { chooseRuns } from './test-run/choose-runs.mjs'
import { findTestFiles } from './test-run/find-test-files.mjs'
import { formatSummary } from './test-run/format-summary.mjs'
import { judgeMatrix } from './test-run/judge-matrix.mjs'
import { judgeRun } from './test-run/judge-run.mjs'
import { planRuns } from './test-run/plan-runs.mjs'
import { runVitest } from './test-run/run-vitest.mjs'
import { summarize } from './test-run/summarize.mjs'
import { root } from './workspace.mjs'

/** Runs at the same time; each keeps one core busy, and the tests with child processes want air. */
const AT_ONCE = 2

const asked = chooseRuns(declared, {
  command: 'npm test',
  purpose: 'Runs the tests, on every engine and runtime. The last line is the total.',
})
const { runs, files: filters, pattern, changed } = asked
await setUp()

const allFiles = findTestFiles(root)
const partial = filters.length > 0 || pattern !== undefined || changed || runs.length < declared.length
const folder = mkdtempSync(join(tmpdir(), 'persistence-test-'))
/** @type {Map<string, import('./test-run/judge-run.mjs').Outcome>} */
const outcomes = new Map()

// Files and not folders are handed to vitest: a folder's name would match as a part of any longer path.
const queue = planRuns(asked, allFiles)
const started = partial ? queue.map(({ run }) => run) : runs

async function worker() {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const outcome = await runVitest(next.run, { files: next.files, pattern, folder })
    outcomes.set(next.run.name, outcome)
    console.error(`${next.run.name}: ${outcome.seconds.toFixed(1)} s`)
  }
}
try {
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

const summary = summarize(
  started.map((run) =>
    judgeRun(run, outcomes.get(run.name), {
      version: runtimes[run.runtime]?.version ?? 'undeclared',
      root,
      pattern: pattern !== undefined,
    }),
  ),
  {
    differences,
    matrixProblems: matrixProblems(),
    wholeGroups: wholeGroups(),
  },
)
process.exitCode = summary.failed === 0 ? 0 : 1
console.log(formatSummary(summary, createPaint(process.stdout)))

/** The groups of which everything ran, so that the names of their tests can be compared. */
function wholeGroups() {
  if (filters.length > 0 || pattern !== undefined || changed) return []
  const groups = [...new Set(declared.map(({ group }) => group))]
  return groups.filter((group) => declared.every((run) => run.group !== group || runs.includes(run)))
}

function matrixProblems() {
  if (!partial) return judgeMatrix(allFiles, declared, differences)
  return started.length === 0 ? [changed ? 'no test is touched by what changed' : 'no test file matches'] : []
}
