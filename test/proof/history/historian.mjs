// historian.mjs <engine>: an order `open <path>` opens the file; `run <operations> <seed>` makes random calls and answers with
// their history; `torn <operations> <seed>` counts by a read and a separate write, without the adapter.

import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { engine } from '../process/engine-of-process.mjs'
import { seededRandom } from '../seeded-random.mjs'

const LEASE_MS = 3_600_000
const COUNTERS = 3
const LOCKS = 2
const PUT_KEYS = 60

/** @typedef {import('./check-history.js').Event} Event */

/** @type {Awaited<ReturnType<typeof engine.SQLiteAdapter.open>>} */
let adapter
/** @type {object} */
let past

await takeOrders(async ([what, first = '', seed]) => {
  if (what === 'open') {
    const options = /** @type {const} */ ({ locks: 'database', durability: 'process', busyTimeout: 30_000 })
    adapter = await engine.SQLiteAdapter.open(first, options)
    past = await engine.openHandle(first)
    await engine.rows(past, 'PRAGMA busy_timeout = 30000')
    return
  }
  if (what === 'close') {
    await engine.closeHandle(past)
    return adapter.disconnect()
  }
  const random = seededRandom(Number(seed))
  /** @type {Event[]} */
  const history = []
  while (history.length < Number(first)) await (what === 'torn' ? tornIncrement : anyOperation)(random, history)
  return history
})

/**
 * @param {() => number} random
 * @param {Event[]} history
 */
async function anyOperation(random, history) {
  const kind = random()
  if (kind < 0.5) {
    const key = `counter-${Math.floor(random() * COUNTERS)}`
    await timed(history, 'increment', key, () => adapter.recordFailure(key, 1_000_000_000))
  } else if (kind < 0.75) {
    const key = `put-${Math.floor(random() * PUT_KEYS)}`
    await timed(history, 'put', key, async () => {
      const { state } = await adapter.idempotency.claim(key, { lease: LEASE_MS })
      return state === 'claimed' ? 1 : null
    })
  } else {
    const key = `lock-${Math.floor(random() * LOCKS)}`
    /** @type {Awaited<ReturnType<typeof adapter.lock.acquire>>} */
    let handle = null
    await timed(history, 'acquire', key, async () => {
      handle = await adapter.lock.acquire(key, LEASE_MS)
      return handle?.token ?? null
    })
    if (handle === null) return
    const { token } = /** @type {{ token: number }} */ (handle)
    await timed(history, 'release', key, async () => {
      await /** @type {{ release(): Promise<unknown> }} */ (/** @type {unknown} */ (handle)).release()
      return token
    })
  }
}

/**
 * @param {() => number} random
 * @param {Event[]} history
 */
async function tornIncrement(random, history) {
  const key = `counter-${Math.floor(random() * COUNTERS)}`
  await timed(history, 'increment', key, async () => {
    const [row] = await engine.rows(past, 'SELECT count FROM torn WHERE key = ?', [key])
    await new Promise((resolve) => setImmediate(resolve))
    const next = Number(row?.count) + 1
    await engine.rows(past, 'UPDATE torn SET count = ? WHERE key = ?', [next, key])
    return next
  })
}

/**
 * @param {Event[]} history
 * @param {Event['kind']} kind
 * @param {string} key
 * @param {() => Promise<number | null>} operation
 */
async function timed(history, kind, key, operation) {
  // Whole ms of the wall clock, the only clock that all runtimes share.
  const start = Date.now()
  const result = await operation()
  history.push({ kind, key, start, end: Date.now(), result })
}
