import { basename } from 'node:path'
import { markdownTable } from '../markdown-table.mjs'

/**
 * Returns the dated table of soaks.
 *
 * @param {import('./proofs.mjs').Found} found
 * @param {readonly import('../../test/matrix.mjs').Run[]} cells that there are
 */
export function formatProofs({ proofs, counts }, cells) {
  const names = [...new Set(proofs.map(({ proof }) => proof))].toSorted()
  const rows = names.map((name) => proofRow(inOrder(proofs, cells).filter(({ proof }) => proof === name)))
  const tests = counts.map(({ cell, date, passed }) => `${cell}: ${passed} on ${date}`)
  return [
    `${unique(proofs, ({ machine }) => machine).join('; ')}.`,
    '',
    markdownTable(['Promise under test', 'Runs per cell', 'Result', 'Date'], rows),
    `Tests of whole cells that passed, with 1000 random examples per model of the conformance suite; none failed: ${tests.toSorted().join('; ')}.`,
  ].join('\n')

  /** @param {readonly import('./proofs.mjs').Proof[]} found what one proof found, in the order of the cells */
  function proofRow(found) {
    const [first] = /** @type {[import('./proofs.mjs').Proof]} */ (/** @type {unknown} */ (found))
    const runs = unique(found, (one) => one.runs)
    const dates = unique(found, ({ date }) => date)
    // Text that differs between cells goes with the result.
    const lines = found.map(({ engine, version, date, ...one }) => ({
      place: `${engine} on ${version}${dates.length === 1 ? '' : `, ${date}`}`,
      said: runs.length === 1 ? one.result : `${one.runs}: ${one.result}`,
    }))
    const alike = dates.length === 1 && lines.every(({ said }) => said === lines[0]?.said)
    const result =
      alike && inWholeGroup(found)
        ? `${lines[0]?.said}`
        : lines.map(({ place, said }) => `${place}: ${said}`).join('<br>')
    return [`${first.proof} ([${basename(first.file)}](../${first.file}))`, one(runs), result, one(dates)]
  }

  /** Whether each cell of the group reported something. @param {readonly import('./proofs.mjs').Proof[]} found */
  function inWholeGroup(found) {
    const { group } = cells.find(({ name }) => name === found[0]?.cell) ?? {}
    const names = cells.filter((cell) => cell.group === group).map(({ name }) => name)
    return names.length === found.length && names.every((name) => found.some(({ cell }) => cell === name))
  }
}

/** @param {readonly string[]} values */
function one(values) {
  return values.length === 1 ? `${values[0]}` : 'see there'
}

/**
 * @template Of
 * @param {readonly Of[]} all
 * @param {(one: Of) => string} of
 */
function unique(all, of) {
  return [...new Set(all.map(of))]
}

/**
 * By engine and runtime, in the order of the matrix.
 *
 * @param {readonly import('./proofs.mjs').Proof[]} proofs
 * @param {readonly import('../../test/matrix.mjs').Run[]} cells
 */
function inOrder(proofs, cells) {
  const engines = unique(cells, ({ engine }) => `${engine}`)
  const runtimes = unique(cells, ({ runtime }) => runtime)
  const rank = (/** @type {import('./proofs.mjs').Proof} */ { engine, runtime }) =>
    engines.indexOf(engine) * runtimes.length + runtimes.indexOf(runtime)
  return proofs.toSorted((proof, other) => rank(proof) - rank(other))
}
