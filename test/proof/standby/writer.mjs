// writer.mjs <engine>: `make <path>` makes a file; `write <path> <name> <log> <pause>` makes calls of every kind on a few keys,
// one after another with occasional pauses of up to <pause> ms, and writes the number of each acknowledged call into the log;
// `stop` ends that and answers with the number of calls; `edit <path>` writes a row without an adapter.
import { existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { engine } from '../process/engine-of-process.mjs'

const HOUR_MS = 3_600_000

/** @typedef {import('@go-go-scope/persistence-conformance').EngineUnderTest} Engine */
/** @typedef {Awaited<ReturnType<Engine['SQLiteAdapter']['open']>>} Adapter */

/** @type {((adapter: Adapter, key: string, number: number) => Promise<unknown>)[]} */
const operations = [
  (adapter, key, number) => adapter.cache.set(key, { number }),
  (adapter, key) => adapter.cache.delete(key),
  (adapter, key, number) => adapter.cache.setMany([1, 2, 3].map((row) => [`${key}${row}`, number])),
  (adapter) => adapter.cache.deleteMany(['a1', 'b2', 'c3']),
  (adapter, key) => adapter.recordFailure(key, 3),
  (adapter, key) => adapter.circuitBreaker.recordSuccess(key),
  async (adapter, key) => (await adapter.lock.acquire(key, HOUR_MS))?.release(),
  (adapter, key) => adapter.lock.acquire(key, HOUR_MS, 'somebody'),
  (adapter, key) => adapter.lock.forceRelease(key),
  async (adapter, key, number) => {
    const claim = await adapter.idempotency.claim(key, { lease: HOUR_MS })
    if (claim.state === 'claimed' && number % 2 === 0) await claim.complete(number)
  },
  (adapter, key) => adapter.idempotency.delete(key),
  (adapter, key, number) =>
    adapter.checkpoint.save({
      id: `${key}${number % 5}`,
      taskId: key,
      sequence: number,
      timestamp: 1,
      progress: 0,
      data: { number },
    }),
  (adapter, key) => adapter.checkpoint.cleanup(key, 2),
]

let writing = false
/** @type {Promise<number>} */
let written = Promise.resolve(0)

/** @param {string} path @param {string} name @param {string} log @param {number} longestPause */
async function write(path, name, log, longestPause) {
  // Above the numbers that an earlier writer of this name may have written before it could log them.
  let number = existsSync(log) ? Number(readFileSync(log, 'utf8').trimEnd().split('\n').at(-1)) + 1 : 0
  const acknowledgements = openSync(log, 'a')
  const adapter = await engine.SQLiteAdapter.open(path, {
    locks: 'database',
    durability: 'process',
    // SQLite's write lock has no queue, so under load a writer may wait long.
    busyTimeout: 30_000,
  })
  while (writing) {
    number++
    const operation = operations[Math.floor(Math.random() * operations.length)]
    await operation?.(adapter, 'abcd'.charAt(Math.floor(Math.random() * 4)), number)
    // The last acknowledged call must not be lost.
    await adapter.cache.set(`last-of-${name}`, number)
    writeSync(acknowledgements, `${number}\n`)
    if (longestPause > 0 && number % 8 === 0) await pause(Math.random() * longestPause)
  }
  await adapter.disconnect()
  return number
}

await takeOrders(async ([what, path = '', name = '', log = '', longestPause = '0']) => {
  if (what === 'make') return (await engine.SQLiteAdapter.open(path)).disconnect()
  if (what === 'edit') {
    const handle = await engine.openHandle(path)
    await engine.rows(handle, "INSERT INTO go_goscope_cache (key, value) VALUES (NULL, 'by hand')")
    return engine.closeHandle(handle)
  }
  writing = what === 'write'
  if (!writing) return written
  written = write(path, name, log, Number(longestPause))
  return undefined
})
