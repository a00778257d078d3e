import {
  measureChannels,
  measureCopies,
  measureFreshLocks,
  measureLocks,
  measureMemory,
  measureRows,
  measureStandby,
  measureStart,
  measureSweep,
  measureThreads,
  measureTurns,
} from './growth/measure-growth.mjs'
import { cells, fullPlan, peerNames, quickPlan } from './plan.mjs'
import { runRace } from './race.mjs'

/**
 * @typedef {object} Measurement
 * @property {string} part of the results; see results.mjs
 * @property {string} name of the result in that part
 * @property {string[]} words that `--filter` searches and that are shown while it runs
 * @property {() => object | Promise<object>} measure
 */

/** ms per run of a race: many short runs, because a pool thread may wake fast or slowly for a while, and each contestant should meet both. */
const DURATION = 20
/** A durable write takes about a millisecond, and a run has to contain several. */
const DURABLE_DURATION = 60

// Each engine on its main runtime, which most of its users have.
const engines = cells.slice(0, 4)
const main = cells.slice(0, 3)

/**
 * Returns all measurements except those of PostgreSQL, in the order in which they run.
 *
 * @param {ReturnType<typeof import('./options.mjs').readOptions>} options
 * @returns {Measurement[]}
 */
export function measurements({ quick, runs, peers }) {
  return [
    ...(quick ? quickPlan() : fullPlan()).map((race) => raceOf(race, { runs: runs ?? (quick ? 7 : 15), peers })),
    ...each(quick ? main : engines, 'rows', (cell) =>
      measureRows(cell, quick ? [1_000, 100_000] : [1_000, 10_000, 100_000, 1_000_000]),
    ),
    ...each(quick ? main : engines, 'sweeps', (cell) => measureSweep(cell, quick ? 100_000 : 1_000_000)),
    ...each(engines, 'standbys', (cell) =>
      measureStandby(cell, { rows: quick ? 10_000 : 100_000, runs: quick ? 5 : 15, duration: 60 }),
    ),
    ...each(main, 'threads', (cell) =>
      measureThreads(cell, quick ? { runs: 3, duration: 60, rows: 20_000 } : { runs: 7, duration: 120, rows: 200_000 }),
    ),
    ...each(engines, 'turns', (cell) => measureTurns(cell, { runs: quick ? 11 : 41, duration: 100 })),
    ...each(engines.slice(1), 'channels', (cell) => measureChannels(cell, runs ?? (quick ? 201 : 1_001))),
    ...copies(quick),
    ...locks(quick),
    ...each(engines.slice(1), 'freshLocks', (cell) => measureFreshLocks(cell, quick ? 3 : 5), 'fresh locks'),
    ...main.flatMap((cell) => ['ours', 'prepared', 'unprepared'].map((contestant) => memory(cell, contestant))),
    ...each(engines, 'starts', (cell) => measureStart(cell, quick ? 5 : 15)),
  ]
}

/**
 * Returns one measurement per cell.
 *
 * @param {import('./plan.mjs').Cell[]} where
 * @param {string} part
 * @param {(cell: import('./plan.mjs').Cell) => Promise<object>} measure
 * @returns {Measurement[]}
 */
function each(where, part, measure, word = part) {
  return where.map((cell) => ({ part, name: cell.name, words: [word, cell.name], measure: () => measure(cell) }))
}

/** @param {import('./plan.mjs').Race} race @returns {Measurement} */
function raceOf(race, { runs, peers }) {
  const { trial, cell, storage, contestants } = race
  const present = Object.entries(contestants).filter(([name]) => peers || !peerNames.includes(name))
  return {
    part: 'races',
    name: `${trial}/${cell.name}/${storage}`,
    words: [trial, cell.name, storage],
    measure: () =>
      runRace(
        { ...race, contestants: Object.fromEntries(present) },
        { runs, duration: storage === 'power' ? DURABLE_DURATION : DURATION },
      ),
  }
}

/** Each engine with a file that is copied in about a second, and one engine with 1 GiB. @returns {Measurement[]} */
function copies(quick) {
  const copiesOf = (name, cell, effort) => ({
    part: 'copies',
    name,
    words: ['copies', name],
    measure: () => measureCopies(cell, effort),
  })
  // With 5 rounds of 1 s, the p99 of commits without a backup differed by a factor of up to 2 (decision 41).
  const each = quick ? { megabytes: 100, runs: 3, rounds: 3 } : { megabytes: 250, runs: 5, rounds: 20 }
  const [, large] = engines
  return [
    ...engines.map((cell) => copiesOf(cell.name, cell, each)),
    ...(quick ? [] : [copiesOf(`${large.name}, 1 GiB`, large, { megabytes: 1_074, runs: 3, rounds: 10 })]),
  ]
}

/** On V8 and on JavaScriptCore: locks in memory use no SQL engine. @returns {Measurement[]} */
function locks(quick) {
  const sizes = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
  const [, ofNode, ofBun] = main
  return [
    [ofNode, 'ours', sizes],
    [ofNode, 'prepared', sizes],
    [ofNode, 'unprepared', sizes.filter((size) => size <= 10_000)],
    [ofBun, 'ours', sizes],
    [ofBun, 'prepared', sizes],
  ].map(([cell, contestant, sizes]) => ({
    part: 'locks',
    name: `${contestant}/${cell.name}`,
    words: ['locks', contestant, cell.name],
    measure: () => measureLocks(cell, contestant, sizes, { runs: 5, duration: quick ? 100 : 250 }),
  }))
}

/** @param {import('./plan.mjs').Cell} cell @param {string} contestant @returns {Measurement} */
function memory(cell, contestant) {
  return {
    part: 'memory',
    name: `${contestant}/${cell.name}`,
    words: ['memory', contestant, cell.name],
    measure: () => measureMemory(cell, contestant, 1_000_000),
  }
}
