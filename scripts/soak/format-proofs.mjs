import { availableParallelism } from 'node:os'
import { basename } from 'node:path'
import { runtimes } from '../../test/matrix.mjs'
import { markdownTable } from '../markdown-table.mjs'

/**
 * What one proof found in one cell, as test/proof/report-proof.ts writes it.
 *
 * @typedef {{ cell: string, engine: string, runtime: string, proof: string, file: string, runs: string, result: string }} Proof
 */

/**
 * The dated table of a soak.
 *
 * @param {readonly Proof[]} proofs
 * @param {readonly import('../../test/matrix.mjs').Run[]} cells that ran
 * @param {readonly import('../test-run/judge-run.mjs').Verdict[]} verdicts
 */
export function formatProofs(proofs, cells, verdicts) {
  const date = new Date().toISOString().slice(0, 10)
  const rows = [...new Set(proofs.map(({ proof }) => proof))].toSorted().map((proof) =>
    proofRow(
      proofs.filter((one) => one.proof === proof),
      cells,
    ),
  )
  const tests = verdicts.map(({ name, passed, failed }) => `${nameOf(name, cells)}: ${passed} passed, ${failed} failed`)
  return [
    `${date}, Linux, ${availableParallelism()} cores, ${cells.length} cells.`,
    '',
    markdownTable(['Promise under test', 'Runs per cell', 'Result'], rows),
    `All tests of the cells, with 1000 random examples per model of the conformance suite: ${tests.toSorted().join('; ')}.`,
  ].join('\n')
}

/**
 * @param {readonly Proof[]} proofs of one kind
 * @param {readonly import('../../test/matrix.mjs').Run[]} cells
 */
function proofRow(proofs, cells) {
  const [{ proof, file }] = /** @type {[Proof]} */ (/** @type {unknown} */ (proofs))
  const runs = [...new Set(proofs.map((one) => one.runs))]
  // Where every cell did another number, the number goes with the result.
  const lines = inOrder(proofs, cells).map((one) => ({
    cell: nameOf(one.cell, cells),
    said: runs.length === 1 ? one.result : `${one.runs}: ${one.result}`,
  }))
  const [first] = lines
  const { group } = cells.find(({ name }) => name === proofs[0]?.cell) ?? {}
  const peers = cells.filter((cell) => cell.group === group)
  const same = lines.length === peers.length && lines.every(({ said }) => said === first?.said)
  const result = same ? `${first?.said}` : lines.map(({ cell, said }) => `${cell}: ${said}`).join('<br>')
  return [`${proof} ([${basename(file)}](../${file}))`, runs.length === 1 ? `${runs[0]}` : 'see there', result]
}

/**
 * @param {readonly Proof[]} proofs
 * @param {readonly import('../../test/matrix.mjs').Run[]} cells
 */
function inOrder(proofs, cells) {
  return cells.flatMap(({ name }) => proofs.filter(({ cell }) => cell === name))
}

/**
 * @param {string} cell
 * @param {readonly import('../../test/matrix.mjs').Run[]} cells
 */
function nameOf(cell, cells) {
  const run = cells.find(({ name }) => name === cell)
  const version = runtimes[run?.runtime ?? '']?.version ?? 'undeclared'
  return `${run?.engine} on ${version.charAt(0).toUpperCase()}${version.slice(1)}`
}
