// claimant.mjs <engine> <path>: `seize <round> <keys> <lease>` claims as many keys as possible and never completes them; `work
// <round> <keys> <lease>` claims each key or waits for it, and does the work of claimed ones; `unclaimed <round> <keys>` reads
// each result and, if there is none, does the work and stores one.
import { setTimeout as pause } from 'node:timers/promises'
import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { engine, processArguments } from '../process/engine-of-process.mjs'

const [path = ''] = processArguments
const LANES = 10
const LONGEST_WORK_MS = 4
const PATIENCE_MS = 60_000

/** @typedef {import('./claimed-work.js').Seized} Seized */
/** @typedef {import('./claimed-work.js').Worked} Worked */

const adapter = await engine.SQLiteAdapter.open(path, { durability: 'process', busyTimeout: PATIENCE_MS })

await takeOrders(async ([what, round = '', keys, lease]) => {
  const names = shuffled(Array.from({ length: Number(keys) }, (_, key) => `round-${round}-key-${key}`))
  if (what === 'seize') return seize(names, Number(lease))
  return inLanes(names, (key) => (what === 'work' ? workClaimed(key, Number(lease)) : workUnclaimed(key)))
})
await adapter.disconnect()

/**
 * @param {string[]} keys
 * @param {number} lease
 */
async function seize(keys, lease) {
  /** @type {Seized[]} */
  const seized = []
  for (const key of keys.slice(0, keys.length / 4)) {
    const from = Date.now()
    const claim = await adapter.idempotency.claim(key, { lease })
    if (claim.state === 'claimed') seized.push({ key, generation: claim.generation, from, until: claim.expiresAt })
  }
  return seized
}

/**
 * @param {string} key
 * @param {number} lease
 * @returns {Promise<Worked>}
 */
async function workClaimed(key, lease) {
  const claim = await adapter.idempotency.claim(key, { lease, wait: PATIENCE_MS })
  if (claim.state === 'completed') return { key, value: claim.value }
  if (claim.state !== 'claimed') throw new Error(`the key ${key} is ${claim.state}`)
  const begun = Date.now()
  const value = await doWork(key)
  const { recorded } = await claim.complete(value)
  return { key, value, ran: { begun, generation: claim.generation, recorded } }
}

/**
 * @param {string} key
 * @returns {Promise<Worked>}
 */
async function workUnclaimed(key) {
  const found = await adapter.idempotency.get(key)
  if (found !== null) return { key, value: found.value }
  const begun = Date.now()
  const value = await doWork(key)
  await adapter.idempotency.set(key, value)
  return { key, value, ran: { begun, generation: 0, recorded: true } }
}

/** Leaves a trace that is counted exactly, even if the process dies. @param {string} key */
async function doWork(key) {
  await adapter.recordFailure(key, 1_000_000)
  await pause(Math.random() * LONGEST_WORK_MS)
  return `${process.pid} ${Math.random()}`
}

/**
 * Returns the outcome of each key; an error is its code, or its text if it has none.
 *
 * @param {string[]} keys
 * @param {(key: string) => Promise<Worked>} work
 */
async function inLanes(keys, work) {
  /** @type {Worked[]} */
  const worked = []
  /** @type {unknown[]} */
  const errors = []
  const left = keys[Symbol.iterator]()
  const lane = async () => {
    for (const key of left) {
      try {
        worked.push(await work(key))
      } catch (error) {
        errors.push(/** @type {{ code?: unknown }} */ (error).code ?? String(error))
      }
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  return { worked, errors }
}

/** @param {string[]} list */
function shuffled(list) {
  return list
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
