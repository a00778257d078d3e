import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runs as declared } from '../test/matrix.mjs'
import './end-with-reader.mjs'
import { createPaint } from './paint.mjs'
import { replaceBlock } from './replace-block.mjs'
import { setUp } from './set-up.mjs'
import { formatProofs } from './soak/format-proofs.mjs'
import { chooseRuns } from './test-run/choose-runs.mjs'
import { findTestFiles } from './test-run/find-test-files.mjs'
import { formatSummary } from './test-run/format-summary.mjs'
import { planRuns } from './test-run/plan-runs.mjs'
import { runAndJudge } from './test-run/run-and-judge.mjs'
import { summarize } from './test-run/summarize.mjs'
import { root } from './workspace.mjs'

const DOCUMENT = join(root, 'docs/guarantees.md')
/** Random examples of the conformance suite, as a multiple of those of `npm test`: 1000 per model. */
const CONFORMANCE_FACTOR = 4

const allCells = declared.filter(({ engine }) => engine !== undefined)
const asked = chooseRuns(allCells, {
  command: 'npm run soak',
  purpose: `Runs the tests of every engine with their full counts and prints what they found as a table. The table in
docs/guarantees.md is replaced when everything ran and nothing failed.`,
})
const { runs: cells, files: filters, pattern, changed } = asked
await setUp()

const folder = mkdtempSync(join(tmpdir(), 'persistence-soak-'))
const reportFile = join(folder, 'proofs.jsonl')
writeFileSync(reportFile, '')
Object.assign(process.env, { SOAK: '1', PROOF_REPORT: reportFile, CONFORMANCE_RUNS: String(CONFORMANCE_FACTOR) })
const whole = filters.length === 0 && pattern === undefined && !changed && cells.length === allCells.length

const plan = planRuns(asked, findTestFiles(root))
const verdicts = await runAndJudge(
  plan,
  plan.map(({ run }) => run),
  pattern,
)

const summary = summarize(verdicts, { differences: [], matrixProblems: [], wholeGroups: [] })
/** @type {import('./soak/format-proofs.mjs').Proof[]} */
const proofs = readFileSync(reportFile, 'utf8')
  .trimEnd()
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line))
rmSync(folder, { recursive: true, force: true })
const table = formatProofs(proofs, cells, verdicts)
console.log(table)
console.log(formatSummary(summary, createPaint(process.stdout)))
if (summary.failed > 0) process.exitCode = 1
else if (whole) writeFileSync(DOCUMENT, replaceBlock(readFileSync(DOCUMENT, 'utf8'), 'npm run soak', table))
