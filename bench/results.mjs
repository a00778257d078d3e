import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const fileOf = (mode) => fileURLToPath(new URL(`results/${mode}.json`, import.meta.url))

/** The figures of the last run, if there is one. @param {'full' | 'quick'} mode */
export function readResults(mode) {
  if (!existsSync(fileOf(mode))) return undefined
  return JSON.parse(readFileSync(fileOf(mode), 'utf8'))
}

/** Writes results/full.json, which is committed, or results/quick.json, which is not. */
export function writeResults(results) {
  mkdirSync(fileURLToPath(new URL('results', import.meta.url)), { recursive: true })
  const rounded = (_key, value) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value
  // One race a line: a diff shows which figures moved.
  const text = JSON.stringify(results, rounded, 1).replace(/\[[^[\]{}]*\]/g, (list) => list.replace(/\s+/g, ''))
  writeFileSync(fileOf(results.mode), `${text}\n`)
}
