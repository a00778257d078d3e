import assert from 'node:assert/strict'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { refuses, throwsRefusal } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import { ITERABLE_CALLS, OBJECT_CALLS } from './store-calls.js'

const thrown = new Error('of the caller')
const fail = (): never => {
  throw thrown
}

/** A proxy on which every access throws. */
const hostile = new Proxy(
  {},
  { get: fail, has: fail, ownKeys: fail, getOwnPropertyDescriptor: fail, getPrototypeOf: fail },
)

const withGetter = (object: object, name: string): object =>
  Object.defineProperty({ ...object }, name, { get: fail, enumerable: true })

async function refusesUnread(code: string, action: () => Promise<unknown>): Promise<void> {
  const error = await refuses(action, { code, says: [/must|pass/] })
  assert.equal(error.cause, thrown)
}

export const unreadableArguments: EngineSuite = engineSuite('unreadable arguments', (check) => {
  check('a getter that throws is a typed error with its cause, in every method, and nothing changes', async (world) => {
    const adapter = await world.adapter({ locks: 'database' })
    const lock = (await adapter.lock.acquire('held', 60_000)) as never
    const before = await world.dump()
    for (const [, argument, call] of OBJECT_CALLS) {
      for (const name of Object.keys(argument)) {
        await refusesUnread('INVALID_ARGUMENT', () => call(adapter, withGetter(argument, name) as never, lock))
      }
      await refusesUnread('INVALID_ARGUMENT', () => call(adapter, hostile as never, lock))
    }
    assert.equal(await world.dump(), before)
  })

  check(
    'an iterable that throws is a typed error with its cause, in every method, and nothing changes',
    async (world) => {
      const adapter = await world.adapter({ locks: 'database' })
      const lock = (await adapter.lock.acquire('held', 60_000)) as never
      const before = await world.dump()
      for (const [name, items, call] of ITERABLE_CALLS) {
        const last = Object.defineProperty([...items], items.length, { get: fail, enumerable: true })
        const arguments_ = [last, ...(name.startsWith('fenced') ? [] : [throwing(items), hostile])]
        for (const argument of arguments_) {
          await refusesUnread('INVALID_ARGUMENT', () => call(adapter, argument as never, lock))
        }
      }
      const pair = Object.defineProperty(['k'], 1, { get: fail })
      await refusesUnread('INVALID_ARGUMENT', () => adapter.cache.setMany([pair] as never))
      assert.equal(await world.dump(), before)
    },
  )

  check('arguments that cannot be converted to text are refused like any other', async (world) => {
    const adapter = await world.adapter()
    const bare = Object.create(null)
    const refused = { code: 'INVALID_ARGUMENT' }
    await refuses(() => adapter.recordFailure('k', bare), refused)
    await refuses(() => adapter.checkpoint.cleanup('t', bare), refused)
    await refuses(() => adapter.circuitBreaker.admit('k', { resetTimeout: bare }), refused)
    await refuses(() => adapter.idempotency.claim('k', { lease: 1, wait: bare }), refused)
    await refuses(() => adapter.idempotency.claim('k', { lease: bare }), { code: 'INVALID_TTL' })
    const lock = await adapter.lock.acquire('k', 1_000)
    assert.equal(await lock?.extend(bare), false)
    assert.equal(await adapter.lock.extend('k', bare, 'o'), false)
  })

  check('options whose getters throw are refused by the constructors and by open', async (world) => {
    const handle = (await world.handle()) as never
    const { SQLiteAdapter, SQLiteCacheAdapter, SQLiteIdempotencyAdapter } = world.engine
    const given = [hostile, withGetter({}, 'keyPrefix'), { codec: withGetter({}, 'encode') }] as never[]
    for (const options of given) {
      for (const Adapter of [SQLiteAdapter, SQLiteCacheAdapter, SQLiteIdempotencyAdapter]) {
        const error = throwsRefusal(() => new Adapter(handle, options), { code: 'INVALID_OPTION' })
        assert.equal(error.cause, thrown)
      }
    }
    for (const options of [...given.slice(1), withGetter({}, 'durability')]) {
      await refusesUnread('INVALID_OPTION', () => SQLiteAdapter.open(world.path, options))
    }
  })

  check('a handle whose members throw is refused by the constructors', async (world) => {
    const { SQLiteAdapter, SQLiteCacheAdapter, SQLiteIdempotencyAdapter } = world.engine
    for (const Adapter of [SQLiteAdapter, SQLiteCacheAdapter, SQLiteIdempotencyAdapter]) {
      for (const handle of [hostile, withGetter({}, 'constructor'), withGetter({}, 'then')] as never[]) {
        const error = throwsRefusal(() => new Adapter(handle), { code: 'INVALID_ARGUMENT', says: ['first argument'] })
        // Which members are read depends on the engine.
        assert.equal(error.cause, /reading it threw/.test(error.message) ? thrown : undefined)
      }
    }
  })

  check('a signal that lacks a part is refused before anything waits for it', async (world) => {
    const adapter: AdapterUnderTest = await world.adapter()
    await adapter.idempotency.claim('k', { lease: 5_000 })
    const whole = { aborted: false, throwIfAborted() {}, addEventListener() {}, removeEventListener() {} }
    const parts = Object.keys(whole).map((name) => ({ ...whole, [name]: undefined }))
    for (const signal of [...parts, 7, 'abort', null, new AbortController(), () => {}] as never[]) {
      const error = await refuses(() => adapter.idempotency.claim('k', { lease: 100, wait: 100, signal }), {
        code: 'INVALID_ARGUMENT',
        says: ['signal', /AbortController/],
      })
      assert.equal(error.operation, 'idempotency.claim')
    }
    const failing = { ...whole, addEventListener: fail } as never
    await assert.rejects(adapter.idempotency.claim('k', { lease: 100, wait: 100, signal: failing }), thrown)
    await adapter.disconnect()
    assert.equal(world.clock.pending, 0, 'no timer waits for such a signal')
  })
})

function* throwing<Item>(items: readonly Item[]): Generator<Item> {
  yield* items
  throw thrown
}
