import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceBlock } from '../replace-block.mjs'
import { root } from '../workspace.mjs'
import { formatProofs } from './format-proofs.mjs'

/**
 * The result of one proof in one cell, as test/proof/report-proof.ts writes it. `version` is the runtime's.
 *
 * @typedef {object} Proof
 * @property {string} cell
 * @property {string} engine
 * @property {string} runtime
 * @property {string} version
 * @property {string} machine
 * @property {string} date
 * @property {string} proof
 * @property {string} file
 * @property {string} runs
 * @property {string} result
 *
 * The number of passed tests of a whole cell.
 * @typedef {{ cell: string, date: string, passed: number }} Count
 *
 * @typedef {{ proofs: readonly Proof[], counts: readonly Count[] }} Found
 */

const DOCUMENT = join(root, 'docs/guarantees.md')
const FILE = join(root, 'scripts/soak/proofs.jsonl')

/**
 * Reads the results of soaks that the table in docs/guarantees.md shows.
 *
 * @param {string} file of this checkout or of another one
 * @returns {Found}
 */
export function readProofs(file = FILE) {
  const lines = parseLines(readFileSync(file, 'utf8'))
  return { proofs: lines.filter((line) => 'proof' in line), counts: lines.filter((line) => 'passed' in line) }
}

/**
 * Writes the results of soaks and redraws the table.
 *
 * @param {Found} found
 * @param {readonly import('../../test/matrix.mjs').Run[]} cells that there are
 */
export function keepProofs({ proofs, counts }, cells) {
  const sorted = proofs.toSorted((one, other) => (key(one) < key(other) ? -1 : 1))
  const table = formatProofs({ proofs, counts }, cells)
  writeFileSync(FILE, [...sorted, ...counts].map((line) => `${JSON.stringify(line)}\n`).join(''))
  writeFileSync(DOCUMENT, replaceBlock(readFileSync(DOCUMENT, 'utf8'), 'npm run soak', table))
}

/**
 * Merges the results of a soak of some cells or files into earlier ones. New results of a file in a cell replace its earlier
 * results there; results of what did not run stay.
 *
 * @param {Found} kept
 * @param {Found} found
 * @returns {Found}
 */
export function mergeProofs(kept, found) {
  const place = (/** @type {Proof} */ { file, engine, runtime }) => JSON.stringify([file, engine, runtime])
  const ran = new Set(found.proofs.map(place))
  return {
    proofs: [...kept.proofs.filter((proof) => !ran.has(place(proof))), ...found.proofs],
    counts: [...kept.counts.filter(({ cell }) => !found.counts.some((count) => count.cell === cell)), ...found.counts],
  }
}

/** Parses lines of JSON. @param {string} text */
export function parseLines(text) {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** @param {Proof} proof */
function key({ proof, engine, runtime }) {
  return JSON.stringify([proof, engine, runtime])
}
