// writer.mjs <engine> <path> <log> <first number> <calls in flight> <durability>: at an order, makes calls of every kind until it
// is killed, and writes the number of each acknowledged call into the log.
import { openSync, writeSync } from 'node:fs'
import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { engine, processArguments } from '../process/engine-of-process.mjs'

const [path = '', log = '', first, inFlight, durability] = processArguments
const HOUR_MS = 3_600_000

/** @typedef {import('@go-go-scope/persistence-conformance').EngineUnderTest} Engine */
/** @typedef {Awaited<ReturnType<Engine['SQLiteAdapter']['open']>>} Adapter */

/** @type {((adapter: Adapter, number: number) => Promise<unknown>)[]} */
const operations = [
  (adapter, number) => adapter.cache.set(`k${number}`, { number }),
  (adapter, number) => adapter.idempotency.set(`k${number}`, [undefined, number]),
  (adapter, number) =>
    adapter.checkpoint.save({
      id: `k${number}`,
      taskId: 'task',
      sequence: number,
      timestamp: 1,
      progress: 0,
      data: { number },
    }),
  (adapter) => adapter.recordFailure('api', 1_000_000_000),
  (adapter, number) => adapter.cache.setMany(Array.from({ length: 5 }, (_, row) => [`row-${row}`, number])),
  (adapter, number) => adapter.lock.acquire(`kept-${number}`, HOUR_MS, 'the writer'),
  async (adapter, number) => (await adapter.lock.acquire(`freed-${number}`, HOUR_MS))?.release(),
  async (adapter, number) => {
    const claim = await adapter.idempotency.claim(`claimed-${number}`, { lease: HOUR_MS })
    if (claim.state !== 'claimed') throw new Error(`a new key is ${claim.state}`)
    await claim.complete(number)
  },
]

await takeOrders(async () => {
  // Written synchronously at the acknowledgement, so that every number in the file was acknowledged before the kill.
  const acknowledgements = openSync(log, 'a')
  const adapter = await engine.SQLiteAdapter.open(path, {
    locks: 'database',
    durability: durability === 'process' ? 'process' : 'power',
  })
  for (let number = Number(first); ; number += Number(inFlight)) {
    const wave = Array.from({ length: Number(inFlight) }, (_, offset) => number + offset)
    await Promise.all(
      wave.map(async (call) => {
        await operations[call % operations.length]?.(adapter, call)
        writeSync(acknowledgements, `${call}\n`)
      }),
    )
  }
})
