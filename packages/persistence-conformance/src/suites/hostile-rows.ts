import assert from 'node:assert/strict'
import fc from 'fast-check'
import { forAll } from '../property.js'
import { type Refusal, refuses } from '../refusal.js'
import { anySample } from '../samples/any-sample.js'
import { assertData, damaged, damages, membersOfPrototypes } from '../samples/damage.js'
import { make } from '../samples/sample.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

const CACHE_ROW = 'INSERT OR REPLACE INTO go_goscope_cache (key, value) VALUES (?, ?)'

async function cached(world: World, text: string): Promise<unknown> {
  const { cache } = await world.adapter()
  await world.rows(CACHE_ROW, ['cache:k', text])
  return cache.get('k')
}

function assertClean(): void {
  const probe: Record<string, unknown> = {}
  assert.equal(probe.polluted, undefined, 'Object.prototype was polluted')
}

export const hostileRows: EngineSuite = engineSuite('hostile rows', (check) => {
  check('__proto__ and constructor in stored JSON stay data', async (world) => {
    for (const member of ['__proto__', 'constructor', 'prototype']) {
      const value = await cached(world, `{"${member}":{"polluted":true},"a":1}`)
      assertClean()
      assert.ok(typeof value === 'object' && value !== null)
      assert.equal(Object.getPrototypeOf(value), Object.prototype)
      assert.deepEqual(Object.keys(value).toSorted(), [member, 'a'].toSorted())
      assert.equal((value as { polluted?: unknown }).polluted, undefined)
    }
  })

  check('values with members named __proto__ come back', async (world) => {
    const { cache } = await world.adapter()
    const own = JSON.parse('{"__proto__":{"polluted":true},"list":[{"__proto__":1}]}')
    for (const value of [own, { own, when: new Date(7) }]) {
      await cache.set('k', value)
      assert.deepEqual(await cache.get('k'), value)
      assertClean()
    }
  })

  check('no class is constructed from the data of a row', async (world) => {
    const { cache } = await world.adapter()
    const texts = [
      'dv1:[["Date","not a date"]]',
      'dv1:[["Object","constructor"]]',
      'dv1:[["__proto__",1],2]',
      'dv1:[["RegExp","(a+)+$","g"]]',
      'dv1:[["Function",1],"return process"]',
      'dv1:[{"__proto__":1},{"polluted":2},true]',
      'dv1:[["Error",1],{"name":2,"message":3,"members":4},"constructor","m",[5],[6,7,8],"__proto__",{"polluted":8},true]',
      'dv1:-7',
      'dv1:',
    ]
    for (const text of texts) {
      await world.rows(CACHE_ROW, ['cache:k', text])
      const value: unknown = await cache.get('k')
      assertClean()
      assert.notEqual(typeof value, 'function', text)
    }
  })

  check('a row that was damaged at random is data, a miss or refused', async (world) => {
    const { cache, idempotency } = await world.adapter()
    const prototypes = membersOfPrototypes()
    await forAll(fc.tuple(anySample, damages), 100, async ([sample, damage]) => {
      await world.rows(CACHE_ROW, ['cache:k', '1'])
      if (sample.refused.length === 0) await cache.set('k', make(sample.value))
      const [row] = await world.rows("SELECT value FROM go_goscope_cache WHERE key = 'cache:k'")
      const text = damaged(String(row?.value), damage)
      await world.rows(CACHE_ROW, ['cache:k', text])
      await world.rows('INSERT OR REPLACE INTO go_goscope_idempotency (key, value) VALUES (?, ?)', ['k', text])
      assertData(await cache.get('k'))
      const record = await idempotency.get('k').catch((error: unknown) => error)
      if (record instanceof Error) assert.equal((record as Refusal).code, 'VALUE_UNREADABLE')
      else assertData((record as { value: unknown }).value)
      assert.equal(membersOfPrototypes(), prototypes)
    })
  })

  check('numbers too large for a double, and too long, are read as JSON reads them', async (world) => {
    assert.equal(await cached(world, '1e999'), Number.POSITIVE_INFINITY)
    assert.equal(await cached(world, '9007199254740993'), 9_007_199_254_740_992)
    assert.equal(await cached(world, `1${'0'.repeat(400)}`), Number.POSITIVE_INFINITY)
  })

  check('text that is not JSON is a miss', async (world) => {
    for (const text of ['', 'undefined', '{', '[1,]', "{'a':1}", 'NaN', '\u0000', '"\u0001"', '\uFEFF1']) {
      assert.equal(await cached(world, text), null, JSON.stringify(text))
    }
  })

  check('nesting that no stack holds is a value or a miss, never a crash', async (world) => {
    const value = await cached(world, '['.repeat(200_000) + ']'.repeat(200_000))
    assert.ok(value === null || Array.isArray(value))
  })

  check('blobs where text should be are a miss, or refused', async (world) => {
    const adapter = await world.adapter()
    await world.rows("INSERT INTO go_goscope_cache (key, value) VALUES ('cache:k', x'00ff')")
    await world.rows("INSERT INTO go_goscope_idempotency (key, value) VALUES ('k', x'00ff')")
    assert.equal(await adapter.cache.get('k'), null)
    await refuses(() => adapter.idempotency.get('k'), { code: 'VALUE_UNREADABLE', says: ['go_goscope_idempotency'] })
  })

  check('integers past 2^53 in our columns are answered or refused as typed errors', async (world) => {
    const adapter = await world.adapter()
    await world.rows(
      "INSERT INTO go_goscope_circuit (key, state, failure_count, last_failure_time, updated_at) VALUES ('circuit:k', 'open', 9007199254740993, 9223372036854775807, 1)",
    )
    await world.rows(
      "INSERT INTO go_goscope_idempotency (key, value, expires_at) VALUES ('k', '1', 9223372036854775807)",
    )
    await world.rows(
      "INSERT INTO go_goscope_checkpoints (id, task_id, sequence, timestamp, data) VALUES ('c', 't', 9223372036854775807, 9223372036854775807, '1')",
    )
    const calls: (() => Promise<unknown>)[] = [
      () => adapter.getState('k'),
      () => adapter.idempotency.get('k'),
      () => adapter.checkpoint.load('c'),
      () => adapter.checkpoint.loadLatest('t'),
      () => adapter.recordFailure('k', 5),
    ]
    for (const call of calls) {
      try {
        assert.ok((await call()) !== null)
      } catch (error) {
        assert.equal((error as { _tag?: unknown })._tag, 'PersistenceError')
      }
    }
    await adapter.circuitBreaker.setState('k', { state: 'closed', failureCount: 0 })
    assert.equal((await adapter.getState('k'))?.failureCount, 0)
  })

  check('an invalid circuit state is refused, naming the row', async (world) => {
    const adapter = await world.adapter()
    await world.rows(
      "INSERT INTO go_goscope_circuit (key, state, failure_count, updated_at) VALUES ('circuit:k', 'ajar', 1, 1)",
    )
    const { circuitBreaker } = adapter
    const calls: readonly (readonly [operation: string, call: () => Promise<unknown>])[] = [
      ['getState', () => circuitBreaker.getState('k')],
      ['admit', () => circuitBreaker.admit('k', { resetTimeout: 1 })],
      ['succeeded', () => circuitBreaker.succeeded({ key: 'k', generation: 0 })],
      ['failed', () => circuitBreaker.failed({ key: 'k', generation: 0 })],
    ]
    for (const [method, call] of calls) {
      const error = await refuses(call, { code: 'VALUE_UNREADABLE', says: ['go_goscope_circuit', 'k'] })
      assert.equal(error.operation, `circuitBreaker.${method}`)
    }
    await adapter.circuitBreaker.recordSuccess('k')
    assert.equal((await adapter.getState('k'))?.state, 'closed')
  })

  check('keys and values that look like SQL are text', async (world) => {
    const adapter = await world.adapter({ keyPrefix: "'); DROP TABLE go_goscope_cache; --" })
    const evil = `"'; DELETE FROM go_goscope_cache WHERE 1=1 OR '' = '`
    await adapter.cache.set(evil, evil)
    await adapter.idempotency.set(evil, evil)
    assert.equal(await adapter.cache.get(evil), evil)
    assert.deepEqual(await adapter.cache.keys(), [evil])
    assert.deepEqual(await adapter.cache.keys(`${evil}*`), [evil])
    assert.equal((await adapter.idempotency.get(evil))?.value, evil)
  })
})
