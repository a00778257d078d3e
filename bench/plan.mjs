import { engineNames, engines } from '../scripts/engines.mjs'

/**
 * An engine on a runtime, with the packages that its users would otherwise pick.
 *
 * @typedef {{ name: string, engine: string, runtime: string, peers: string[], storages: Storage[] }} Cell
 * @typedef {'memory' | 'process' | 'power'} Storage memory, or a file with the durability of that name
 * @typedef {{ trial: string, cell: Cell, storage: Storage, contestants: Record<string, number[]> }} Race contestants with
 *   the numbers of calls in flight that each is measured at
 */

const EVERYWHERE = /** @type {Storage[]} */ (['memory', 'process', 'power'])

/**
 * The first cell of an engine is its main one, on the runtime that most of its users have.
 *
 * @type {Cell[]}
 */
export const cells = [
  {
    name: 'sqlite3, Node 24',
    engine: 'sqlite3',
    runtime: 'node24',
    peers: ['keyv', 'cache-manager'],
    storages: EVERYWHERE,
  },
  { name: 'node:sqlite, Node 24', engine: 'node-sqlite', runtime: 'node24', peers: [], storages: EVERYWHERE },
  {
    name: 'bun:sqlite, Bun',
    engine: 'bun-sqlite',
    runtime: 'bun',
    peers: ['bun-sqlite-key-value'],
    storages: EVERYWHERE,
  },
  {
    name: '@photostructure/sqlite, Node 20',
    engine: 'photostructure-sqlite',
    runtime: 'host',
    peers: ['langgraph'],
    storages: EVERYWHERE,
  },
  {
    name: 'sqlite3, Node 20',
    engine: 'sqlite3',
    runtime: 'node20',
    peers: ['keyv', 'cache-manager'],
    storages: ['memory'],
  },
  { name: 'sqlite3, Bun', engine: 'sqlite3', runtime: 'bun', peers: [], storages: ['memory'] },
]

const SINGLE = [1, 10, 100, 1000]
// One call is already 100 rows.
const OF_MANY = [1, 10, 100]

/** The contestants of each trial. A file's durability makes no difference to a read. */
const trials = {
  'cache-get': { levels: SINGLE, peers: ['keyv', 'cache-manager', 'bun-sqlite-key-value'], writes: false },
  'cache-set': { levels: SINGLE, peers: ['keyv', 'cache-manager', 'bun-sqlite-key-value'], writes: true },
  'cache-mixed': {
    levels: SINGLE,
    peers: ['keyv', 'cache-manager', 'bun-sqlite-key-value'],
    writes: true,
    without: ['json-each', 'loader'],
  },
  'cache-get-many': {
    levels: OF_MANY,
    peers: ['keyv', 'cache-manager', 'bun-sqlite-key-value'],
    writes: false,
    without: ['prepared', 'loader'],
  },
  'cache-set-many': {
    levels: OF_MANY,
    peers: ['keyv', 'cache-manager', 'bun-sqlite-key-value'],
    writes: true,
    without: ['prepared', 'loader'],
  },
  'record-failure': { levels: SINGLE, peers: [], writes: true },
  'idempotency-get': { levels: SINGLE, peers: [], writes: false },
  'idempotency-set': { levels: SINGLE, peers: [], writes: true },
  'checkpoint-save': { levels: SINGLE, peers: ['langgraph'], writes: true },
  'checkpoint-load-latest': { levels: SINGLE, peers: ['langgraph'], writes: false },
  lock: { levels: SINGLE, peers: [], writes: false, without: ['json-each', 'loader'], storages: ['memory'] },
}

export const trialNames = Object.keys(trials)
/** The packages to compare with. */
export const peerNames = [...new Set(Object.values(trials).flatMap(({ peers }) => peers))]

/** @returns {Race[]} */
export function fullPlan() {
  return trialNames.flatMap((trial) =>
    cells.flatMap((cell) => storagesOf(trial, cell).map((storage) => raceOf(trial, cell, storage))),
  )
}

/** Returns what the targets need: one call and 100 in flight. @returns {Race[]} */
export function quickPlan() {
  const withCheckpointPeer = main.filter(({ peers }) =>
    peers.some((peer) => trials['checkpoint-save'].peers.includes(peer)),
  )
  const wanted = [
    ...racesOf(['cache-get', 'cache-set', 'lock'], main, 'memory'),
    ...racesOf(['record-failure', 'idempotency-get'], mainOf({ synchronous: true }), 'memory'),
    ...racesOf(['record-failure', 'idempotency-set', 'checkpoint-save'], mainOf({ synchronous: false }), 'memory'),
    ...racesOf(['checkpoint-save', 'checkpoint-load-latest'], withCheckpointPeer, 'memory'),
    ...racesOf(['cache-set'], main, 'power'),
  ]
  return wanted.map(([trial, cell, storage]) => raceOf(trial, cell, storage, [1, 100]))
}

const mainOf = ({ synchronous }) =>
  engineNames
    .filter((name) => synchronous === undefined || engines[name].synchronous === synchronous)
    .map((name) => cells.find(({ engine }) => engine === engines[name].module))
const main = mainOf({})

function racesOf(trialNames, cells, storage) {
  return trialNames.flatMap((trial) => cells.map((cell) => [trial, cell, storage]))
}

function storagesOf(trial, cell) {
  const possible = trials[trial].storages ?? (trials[trial].writes ? EVERYWHERE : ['memory', 'process'])
  return cell.storages.filter((storage) => possible.includes(storage))
}

function raceOf(trial, cell, storage, levels = trials[trial].levels) {
  const { peers, without = [] } = trials[trial]
  const own = ['ours', 'prepared', 'loader', 'json-each', 'unprepared']
  const names = [...own, ...cell.peers.filter((peer) => peers.includes(peer))]
  const contestants = {}
  for (const name of names.filter((one) => !without.includes(one))) {
    // One flush of the disk per call: a thousand calls in flight would only prolong the bench.
    const flushesPerCall = storage === 'power' && !['ours', 'loader', 'json-each'].includes(name)
    const possible = levels.filter((level) => !flushesPerCall || level <= 100)
    // A loader cannot gather the calls of a single caller.
    contestants[name] = name === 'loader' ? possible.filter((level) => level > 1) : possible
  }
  return { trial, cell, storage, contestants }
}
