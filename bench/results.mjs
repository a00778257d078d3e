import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describeMachine, describeVersions } from './machine.mjs'

/** The parts of the results; each result has a name within its part. */
const parts = [
  'races',
  'rows',
  'sweeps',
  'standbys',
  'threads',
  'turns',
  'channels',
  'copies',
  'locks',
  'freshLocks',
  'memory',
  'starts',
  'packages',
  'postgres',
]

const fileOf = (mode) => fileURLToPath(new URL(`results/${mode}.json`, import.meta.url))

/** Returns the figures of the last run, or undefined without one. @param {'full' | 'quick'} mode */
export function readResults(mode) {
  if (!existsSync(fileOf(mode))) return undefined
  return JSON.parse(readFileSync(fileOf(mode), 'utf8'))
}

/** Writes results/full.json, which is committed, or results/quick.json, which is not. */
export function writeResults(results) {
  mkdirSync(fileURLToPath(new URL('results', import.meta.url)), { recursive: true })
  const rounded = (_key, value) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value
  // One race per line, so that a diff shows which figures changed.
  const text = JSON.stringify(results, rounded, 1).replace(/\[[^[\]{}]*\]/g, (list) => list.replace(/\s+/g, ''))
  writeFileSync(fileOf(results.mode), `${text}\n`)
}

/** Returns empty results. @param {{ quick: boolean }} options */
export function newResults({ quick }) {
  return {
    mode: quick ? 'quick' : 'full',
    machine: describeMachine(),
    versions: describeVersions(),
    measuredOn: {},
    ...Object.fromEntries(parts.map((part) => [part, {}])),
  }
}

/** Sets the figures of a part, measured today. */
export function enter(results, part, found) {
  const today = new Date().toISOString().slice(0, 10)
  results[part] = found
  results.measuredOn[part] = { oldest: results.measuredOn[part]?.oldest ?? today, newest: today }
}

/** Returns the figures of an earlier run, with those that a later run measured again replaced. */
export function mergeResults(earlier, later) {
  return {
    ...earlier,
    machine: later.machine,
    versions: later.versions,
    measuredOn: Object.fromEntries(parts.flatMap((part) => mergeDates(part, earlier, later))),
    ...Object.fromEntries(parts.map((part) => [part, { ...earlier[part], ...later[part] }])),
  }
}

/** Returns an entry of `measuredOn`, or none for a part without figures. */
function mergeDates(part, earlier, later) {
  const before = earlier.measuredOn[part]
  const after = later.measuredOn[part]
  // A part that is new has no earlier figures.
  const replaced = Object.keys(earlier[part] ?? {}).every((name) => Object.hasOwn(later[part], name))
  if (before === undefined || after === undefined || replaced) return (after ?? before) ? [[part, after ?? before]] : []
  return [[part, { oldest: before.oldest, newest: after.newest }]]
}
