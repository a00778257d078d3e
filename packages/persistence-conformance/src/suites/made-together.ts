import assert from 'node:assert/strict'
import type { CircuitBreakerPersistedState } from '@go-go-scope/persistence-core/ports'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

type Breaker = AdapterUnderTest['circuitBreaker']

/** States of a circuit before the failures. */
const BEFORE: Readonly<Record<string, (breaker: Breaker, key: string) => Promise<unknown>>> = {
  'never stored': async () => undefined,
  closed: (breaker, key) => breaker.setState(key, { state: 'closed', failureCount: 0, lastSuccessTime: 7 }),
  'closed with failures': (breaker, key) => breaker.setState(key, { state: 'closed', failureCount: 3 }),
  'open with few failures': (breaker, key) => breaker.setState(key, { state: 'open', failureCount: 1 }),
  'half-open': (breaker, key) => breaker.setState(key, { state: 'half-open', failureCount: 2 }),
  isolated: (breaker, key) => breaker.isolate(key),
}
const CIRCUITS = Object.keys(BEFORE)
const FAILURES_EACH = 10

type Calls = readonly (() => Promise<unknown>)[]

async function inTurn(calls: Calls): Promise<unknown[]> {
  const given: unknown[] = []
  for (const call of calls) given.push(await call())
  return given
}

const together = (calls: Calls): Promise<unknown[]> => Promise.all(calls.map((call) => call()))

async function rowsOf(world: World, table: string, prefix: string): Promise<unknown[]> {
  const rows = await world.rows(`SELECT * FROM ${table} WHERE key >= ?1 AND key < ?1 || 'z' ORDER BY key`, [prefix])
  return rows.map(({ key, created_at, ...rest }) => ({ ...rest, key: String(key).slice(prefix.length) }))
}

/** Records failures of circuits in every state. @returns what the callers got and what listeners received. */
async function fail(breaker: Breaker, threshold: number, run: (calls: Calls) => Promise<unknown[]>): Promise<unknown> {
  const heard: [string, CircuitBreakerPersistedState][] = []
  const stops = CIRCUITS.map((key) => breaker.subscribe(key, (state) => heard.push([key, state])))
  const calls = Array.from({ length: FAILURES_EACH * CIRCUITS.length }, (_, at) => {
    return () => breaker.recordFailure(CIRCUITS[at % CIRCUITS.length] as string, threshold)
  })
  const counts = await run(calls)
  for (const stop of stops) stop()
  return { counts, heard }
}

export const madeTogether: EngineSuite = engineSuite('calls made together', (check) => {
  for (const threshold of [1, 2, 5, 10, 11, 1_000]) {
    check(
      `concurrent failures of few circuits return and store what sequential ones do, ${threshold} open`,
      async (world) => {
        const one = await world.adapter({ keyPrefix: 'one:' })
        const many = await world.adapter({ keyPrefix: 'many:' })
        for (const [key, prepare] of Object.entries(BEFORE)) {
          await prepare(one.circuitBreaker, key)
          await prepare(many.circuitBreaker, key)
        }
        world.clock.advance(1)
        const expected = await fail(one.circuitBreaker, threshold, inTurn)
        assert.deepEqual(await fail(many.circuitBreaker, threshold, together), expected)
        const [left, leftInTurn] = await Promise.all(
          ['many:', 'one:'].map((prefix) => rowsOf(world, 'go_goscope_circuit', `${prefix}circuit:`)),
        )
        assert.equal(left?.length, CIRCUITS.length)
        assert.deepEqual(left, leftInTurn)
      },
    )
  }

  check('values written at once are stored under their keys, the last of equal keys wins', async (world) => {
    const { cache, idempotency, checkpoint } = await world.adapter()
    const values = Array.from({ length: 75 }, (_, at) => ({ key: `k${at % 60}`, value: { at, text: `"${at}\\` } }))
    const checkpointOf = (key: string, data: unknown) => {
      return { id: key, taskId: 't', sequence: 1, timestamp: 2, progress: 1 / 3, data }
    }
    await Promise.all(
      values.flatMap(({ key, value }) => [
        cache.set(key, value),
        idempotency.set(key, value, 1_000),
        checkpoint.save(checkpointOf(key, value)),
      ]),
    )
    await Promise.all(values.map(({ key, value }) => cache.set(`alone:${key}`, value, 1_000)))
    await Promise.all(values.map(({ key, value }) => idempotency.set(`alone:${key}`, value)))
    await Promise.all(values.map(({ key, value }) => checkpoint.save(checkpointOf(`alone:${key}`, value))))
    const last = new Map(values.map(({ key, value }) => [key, value]))
    for (const [key, value] of last) {
      for (const name of [key, `alone:${key}`]) {
        assert.deepEqual(await cache.get(name), value)
        assert.deepEqual((await idempotency.get(name))?.value, value)
        assert.deepEqual(await checkpoint.load(name), checkpointOf(name, value))
      }
    }
    world.clock.advance(1_000)
    assert.equal(await cache.get('alone:k0'), null)
    assert.deepEqual(await cache.get('k0'), last.get('k0'))
    assert.equal(await idempotency.get('k0'), null)
    assert.deepEqual((await idempotency.get('alone:k0'))?.value, last.get('k0'))
  })

  check('values loaded at once are stored where no unexpired entry is', async (world) => {
    const { cache } = await world.adapter()
    const keys = Array.from({ length: 48 }, (_, at) => `k${at}`)
    for (const [at, key] of keys.entries()) if (at % 3 === 0) await cache.set(key, 'expires', 10)
    world.clock.advance(10)
    const stored: Promise<void>[] = []
    await Promise.all(
      keys.map((key, at) => {
        return cache.getOrSet(key, async () => {
          // Another process stores the value during the load.
          if (at % 3 === 1) stored.push(store(world, key))
          await Promise.all(stored)
          return 'loaded'
        })
      }),
    )
    for (const [at, key] of keys.entries()) assert.equal(await cache.get(key), at % 3 === 1 ? 'stored' : 'loaded', key)
  })
})

async function store(world: World, key: string): Promise<void> {
  await world.rows('INSERT INTO go_goscope_cache (key, value) VALUES (?1, ?2)', [`cache:${key}`, '"stored"'])
}
