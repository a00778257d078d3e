import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runs as declared } from '../test/matrix.mjs'
import './end-with-reader.mjs'
import { createPaint } from './paint.mjs'
import { setUp } from './set-up.mjs'
import { formatProofs } from './soak/format-proofs.mjs'
import { keepProofs, mergeProofs, parseLines, readProofs } from './soak/proofs.mjs'
import { soakedRuns } from './soak/soaked-runs.mjs'
import { chooseRuns } from './test-run/choose-runs.mjs'
import { findTestFiles } from './test-run/find-test-files.mjs'
import { formatSummary } from './test-run/format-summary.mjs'
import { planRuns } from './test-run/plan-runs.mjs'
import { runAndJudge } from './test-run/run-and-judge.mjs'
import { summarize } from './test-run/summarize.mjs'
import { root } from './workspace.mjs'

/** Random examples of the conformance suite, as a multiple of those of `npm test`: 1000 per model. */
const CONFORMANCE_FACTOR = 4

const allRuns = soakedRuns(declared, findTestFiles(root))
const allCells = allRuns.filter(({ engine }) => engine !== undefined)
const asked = chooseRuns(allRuns, {
  command: 'npm run soak',
  purpose: `Runs the tests of every engine with their full counts, and of other runs the tests that have such counts, and prints the
results as a table. If nothing failed, they go into the table of docs/guarantees.md: all of it when everything ran, else the lines
of the cells and files that ran. With -t the table stays unchanged.`,
})
const { runs: chosen, files: filters, pattern, changed } = asked
await setUp()

const folder = mkdtempSync(join(tmpdir(), 'persistence-soak-'))
const reportFile = join(folder, 'proofs.jsonl')
writeFileSync(reportFile, '')
Object.assign(process.env, { SOAK: '1', PROOF_REPORT: reportFile, CONFORMANCE_RUNS: String(CONFORMANCE_FACTOR) })

const plan = planRuns(asked, findTestFiles(root))
const verdicts = await runAndJudge(
  plan,
  plan.map(({ run }) => run),
  pattern,
)

const summary = summarize(verdicts, { differences: [], matrixProblems: [], wholeGroups: [] })
const proofs = parseLines(readFileSync(reportFile, 'utf8'))
rmSync(folder, { recursive: true, force: true })
const date = new Date().toISOString().slice(0, 10)
const wholeCells = filters.length === 0 && pattern === undefined && !changed
const cellVerdicts = wholeCells ? verdicts.filter(({ name }) => allCells.some((cell) => cell.name === name)) : []
const found = { proofs, counts: cellVerdicts.map(({ name, passed }) => ({ cell: name, date, passed })) }
console.log(formatProofs(found, allCells))
console.log(formatSummary(summary, createPaint(process.stdout)))
if (summary.failed > 0) process.exitCode = 1
else if (pattern === undefined) {
  const everything = wholeCells && chosen.length === allRuns.length
  keepProofs(everything ? found : mergeProofs(readProofs(), found), allCells)
}
