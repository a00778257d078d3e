import assert from 'node:assert/strict'
import { refuses, throwsRefusal } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import { KEYED_CALLS, SOME_CHECKPOINT } from './store-calls.js'

// A message must say what to do. Our messages use one of these words for that.
const ADVICE = /\b(must|leave|pass|give|remove|encode|raise|shorten|hash|call|use|store|choose)\b/i

const BAD_KEYS: readonly (readonly [key: unknown, says: string | RegExp])[] = [
  [undefined, 'undefined'],
  [null, 'null'],
  [7, 'number'],
  [{}, 'object'],
  ['', /empty/],
  ['a\0b', /NUL/],
  ['\uD800', /surrogate/],
  ['a\uDC00b', /surrogate/],
  ['x'.repeat(1_025), '1024'],
  ['ü'.repeat(513), '1024'],
  ['🙂'.repeat(257), '1024'],
]

const BAD_TTLS: readonly unknown[] = [0, -1, -0.5, Number.NaN, Number.NEGATIVE_INFINITY, '100', 10n, {}, true]

export const badInput: EngineSuite = engineSuite('bad input', (check) => {
  check('every method refuses every bad key, and nothing changes', async (world) => {
    const adapter = await world.adapter({ keyPrefix: 'app:' })
    await adapter.cache.set('kept', 1)
    const before = await world.dump()
    for (const [name, call] of KEYED_CALLS) {
      for (const [key, says] of BAD_KEYS) {
        const argument = name.startsWith('checkpoint') ? /id/i : 'key'
        const error = await refuses(() => call(adapter, key as string), {
          code: 'INVALID_KEY',
          says: [argument, says, ADVICE],
        })
        assert.equal(error.retryable, false)
        assert.ok(name.startsWith(error.operation), `${name} calls itself ${error.operation}`)
      }
    }
    assert.equal(await world.dump(), before)
  })

  check('a key of exactly the limit is accepted', async (world) => {
    const { cache } = await world.adapter()
    for (const key of ['x'.repeat(1_024), 'ü'.repeat(512), '🙂'.repeat(256)]) {
      await cache.set(key, 1)
      assert.equal(await cache.get(key), 1)
    }
  })

  check('maxKeyLength sets the limit, in bytes and without the prefix', async (world) => {
    const { cache } = await world.adapter({ maxKeyLength: 4, keyPrefix: 'a long prefix:' })
    await cache.set('üü', 1)
    await refuses(() => cache.set('üüx', 1), { code: 'INVALID_KEY', says: ['4', '5'] })
    const generous = await world.adapter({ maxKeyLength: 1_500 })
    await generous.cache.set('x'.repeat(1_500), 1)
    assert.equal(await generous.cache.get('x'.repeat(1_500)), 1)
  })

  check('a bad ttl is refused, and nothing changes', async (world) => {
    const adapter = await world.adapter()
    await adapter.cache.set('kept', 1)
    const before = await world.dump()
    for (const ttl of BAD_TTLS as number[]) {
      const expected = {
        code: 'INVALID_TTL',
        says: ['ttl', typeof ttl === 'number' ? String(ttl) : typeof ttl, ADVICE],
      }
      await refuses(() => adapter.cache.set('k', 1, ttl), expected)
      await refuses(() => adapter.cache.setMany([['k', 1]], ttl), expected)
      await refuses(() => adapter.cache.setMany([], ttl), expected)
      await refuses(() => adapter.cache.getOrSet('k', async () => 1, { ttl }), expected)
      await refuses(() => adapter.idempotency.set('k', 1, ttl), expected)
      await refuses(() => adapter.lock.acquire('k', ttl), expected)
    }
    const asOption = { code: 'INVALID_TTL', says: ['{"ttl":100}', 'pass the number of ms itself'] }
    await refuses(() => adapter.cache.set('k', 1, { ttl: 100 } as never), asOption)
    await refuses(() => adapter.lock.acquire('k', { ttl: 100 } as never), asOption)
    // A point in time where a duration is expected.
    const date = world.clock.now() + 60_000
    for (const call of [
      () => adapter.cache.set('k', 1, date),
      () => adapter.cache.setMany([['k', 1]], date),
      () => adapter.cache.getOrSet('k', async () => 1, { ttl: date }),
      () => adapter.idempotency.set('k', 1, date),
      () => adapter.idempotency.claim('k', { lease: date }),
      () => adapter.lock.acquire('k', date),
      () => adapter.lock.hold('k', { maxLife: date }),
    ]) {
      await refuses(call, { code: 'INVALID_TTL', says: [String(date), new Date(date).toISOString(), 'difference'] })
    }
    const endless = { code: 'INVALID_TTL', says: [/lease must be .* up to 4503599627370495, got /] }
    for (const lease of [5e15, Number.POSITIVE_INFINITY]) {
      await refuses(() => adapter.idempotency.claim('k', { lease }), endless)
    }
    assert.equal(await world.dump(), before)
    await adapter.cache.set('a century', 1, 100 * 365 * 86_400_000)
    assert.ok((await adapter.lock.acquire('k', 1)) !== null)
  })

  check('a value over the limit is refused, and nothing changes', async (world) => {
    const adapter = await world.adapter({ maxValueSize: 100 })
    await adapter.cache.set('k', 'x'.repeat(98))
    const before = await world.dump()
    const expected = { code: 'VALUE_TOO_LARGE', says: ['100', ADVICE] }
    for (const value of ['x'.repeat(99), 'ü'.repeat(50), new Map([['k', 'x'.repeat(100)]])]) {
      await refuses(() => adapter.cache.set('k', value), expected)
      await refuses(
        () =>
          adapter.cache.setMany<unknown>([
            ['other', 1],
            ['k', value],
          ]),
        expected,
      )
      await refuses(() => adapter.idempotency.set('k', value), expected)
      await refuses(() => adapter.checkpoint.save({ ...SOME_CHECKPOINT, data: value }), expected)
    }
    assert.equal(await world.dump(), before)
  })

  check('a bad circuit state is refused, and nothing changes', async (world) => {
    const adapter = await world.adapter()
    await adapter.circuitBreaker.setState('api', { state: 'open', failureCount: 3 })
    const before = await world.dump()
    const bad: [unknown, string | RegExp][] = [
      [null, 'state'],
      ['open', 'state'],
      [{ failureCount: 1 }, 'state'],
      [{ state: 'ajar', failureCount: 1 }, 'ajar'],
      [{ state: 'open', failureCount: -1 }, '-1'],
      [{ state: 'open', failureCount: 1.5 }, '1.5'],
      [{ state: 'open', failureCount: '1' }, 'failureCount'],
      [{ state: 'open', failureCount: 2 ** 53 - 2 }, '9007199254740990'],
      [{ state: 'open', failureCount: 1, lastFailureTime: Number.NaN }, 'lastFailureTime'],
      [{ state: 'open', failureCount: 1, lastSuccessTime: 'now' }, 'lastSuccessTime'],
    ]
    for (const [state, says] of bad) {
      await refuses(() => adapter.circuitBreaker.setState('api', state as never), {
        code: 'INVALID_ARGUMENT',
        says: [says, ADVICE],
      })
    }
    for (const limit of [0, -1, Number.NaN, '3', undefined]) {
      await refuses(() => adapter.recordFailure('api', limit as number), {
        code: 'INVALID_ARGUMENT',
        says: ['maxFailures', String(limit), ADVICE],
      })
    }
    assert.equal(await world.dump(), before)
  })

  check('a bad checkpoint is refused, and nothing changes', async (world) => {
    const { checkpoint } = await world.adapter()
    await checkpoint.save(SOME_CHECKPOINT)
    const before = await world.dump()
    const bad: [string, unknown][] = [
      ['sequence', 1.5],
      ['sequence', Number.NaN],
      ['sequence', '2'],
      ['timestamp', Number.NaN],
      ['timestamp', undefined],
      ['timestamp', 2 ** 53],
      ['progress', Number.POSITIVE_INFINITY],
      ['progress', '50'],
      ['progress', -(2 ** 60)],
    ]
    for (const [member, value] of bad) {
      const saved = { ...SOME_CHECKPOINT, [member]: value }
      await refuses(() => checkpoint.save(saved), { code: 'INVALID_ARGUMENT', says: [member, String(value), ADVICE] })
    }
    for (const nothing of [null, undefined, 'c']) {
      await refuses(() => checkpoint.save(nothing as never), {
        code: 'INVALID_ARGUMENT',
        says: ['checkpoint must be an object with id, taskId, sequence,', ADVICE],
      })
    }
    for (const keep of [-1, 1.5, Number.NaN, '1', undefined]) {
      await refuses(() => checkpoint.cleanup('t', keep as number), {
        code: 'INVALID_ARGUMENT',
        says: ['keepCount', String(keep), ADVICE],
      })
    }
    assert.equal(await world.dump(), before)
  })

  check('other arguments of the wrong type are refused', async (world) => {
    const adapter = await world.adapter()
    const wrong = { code: 'INVALID_ARGUMENT', says: [ADVICE] }
    await refuses(() => adapter.cache.keys(7 as never), { ...wrong, says: ['pattern'] })
    await refuses(() => adapter.cache.getOrSet('k', 'value' as never), { ...wrong, says: ['load'] })
    await refuses(() => adapter.lock.acquire('k', 100, ''), { ...wrong, says: ['owner'] })
    for (const owner of [7, 7n, Symbol('owner')] as never[]) {
      await refuses(() => adapter.lock.acquire('k', 100, owner), { ...wrong, says: ['owner'] })
    }
    await refuses(() => adapter.cache.getMany(7 as never), wrong)
    await refuses(() => adapter.cache.setMany(undefined as never), wrong)
    await refuses(() => adapter.cache.setMany([7] as never), wrong)
    await refuses(() => adapter.cache.setMany({ a: 1 } as never), { ...wrong, says: ['Object.entries'] })
    await refuses(() => adapter.cache.deleteMany(null as never), wrong)
    const admission = await adapter.circuitBreaker.admit('api', { resetTimeout: 1 })
    await refuses(() => adapter.circuitBreaker.failed(admission as never), {
      ...wrong,
      says: ['the member permit', '"admitted":true'],
    })
    const { message } = await refuses(() => adapter.cache.getOrSet('k', () => 1, '😀'.repeat(500_000) as never), wrong)
    assert.ok(message.length < 500, `a message of ${message.length} characters`)
    assert.doesNotMatch(message, /[\uD800-\uDBFF](?![\uDC00-\uDFFF])/, 'no half of a character')
    throwsRefusal(() => adapter.circuitBreaker.subscribe('api', 'listener' as never), { ...wrong, says: ['listener'] })
  })

  check('bad options are refused by name, with the value and what to give', async (world) => {
    const handle = (await world.handle()) as never
    const bad: [string, unknown][] = [
      ['keyPrefix', 7],
      ['keyPrefix', null],
      ['defaultLockTTL', 0],
      ['defaultLockTTL', '1s'],
      ['busyTimeout', -1],
      ['busyTimeout', Number.NaN],
      ['maxKeyLength', 0],
      ['maxValueSize', -3],
      ['sweepInterval', 0],
      ['createTables', 'no'],
      ['busyTimeout', 5n],
      ['closeOnDisconnect', 1],
      ['random', 4],
      ['onDiagnostic', 'console'],
    ]
    for (const name of ['busyTimeout', 'maxKeyLength', 'createTables', 'codec', 'clock']) bad.push([name, null])
    for (const [name, value] of bad) {
      throwsRefusal(() => new world.engine.SQLiteAdapter(handle, { [name]: value }), {
        code: 'INVALID_OPTION',
        says: [name, String(value), ADVICE],
      })
    }
    for (const [name, value] of [
      ['codec', {}],
      ['clock', { now: Date.now }],
      ['keyPrefix', 'a\0b'],
      ['keyPrefix', '\uD800'],
      ['keyPrefix', 'x'.repeat(1_025)],
    ] as const) {
      throwsRefusal(() => new world.engine.SQLiteAdapter(handle, { [name]: value } as never), {
        code: 'INVALID_OPTION',
        says: [name, ADVICE],
      })
    }
    const clock = { now: () => 0, monotonic: () => 0, setTimer: () => () => {} }
    for (const time of [undefined, Number.NaN, Number.POSITIVE_INFINITY, '5', 5n, 2 ** 60, Promise.resolve(5)]) {
      for (const name of ['now', 'monotonic']) {
        throwsRefusal(
          () => new world.engine.SQLiteAdapter(handle, { clock: { ...clock, [name]: () => time } } as never),
          {
            code: 'INVALID_OPTION',
            says: [`clock.${name}()`, ADVICE],
          },
        )
      }
    }
    for (const options of [null, 7, 'app:']) {
      throwsRefusal(() => new world.engine.SQLiteAdapter(handle, options as never), {
        code: 'INVALID_OPTION',
        says: ['options'],
      })
    }
  })

  check.inFile('an argument that is not a handle is refused at once, with what to pass', async (world) => {
    const { SQLiteAdapter, SQLiteCacheAdapter, SQLiteIdempotencyAdapter } = world.engine
    class Other {
      prepare(): void {}
      close(): void {}
    }
    const handle = await world.handle()
    const nothings: [unknown, string | RegExp][] = [
      [undefined, 'undefined; open a handle'],
      [null, 'null; open a handle'],
      [7, '7; open a handle'],
      ['./app.db', 'SQLiteAdapter.open(path)'],
      [{}, 'an object without a method'],
      [new Other(), 'an instance of Other without a method'],
      [handle.constructor, /the class \w+; pass an instance/],
      [class Own {}, 'the class Own; pass an instance'],
      [Promise.resolve(handle), 'a promise; await it'],
      [async () => handle, 'a function; pass the handle'],
    ]
    for (const [nothing, says] of nothings) {
      for (const Class of [SQLiteAdapter, SQLiteCacheAdapter, SQLiteIdempotencyAdapter]) {
        throwsRefusal(() => new Class(nothing as never), {
          code: 'INVALID_ARGUMENT',
          says: [/database/i, ADVICE, says],
        })
      }
    }
  })

  check('a rejected call leaves the connection usable', async (world) => {
    const adapter = await world.adapter()
    for (let round = 0; round < 20; round++) {
      await refuses(() => adapter.cache.set('', 1), { code: 'INVALID_KEY' })
      await refuses(() => adapter.cache.set('k', () => 1), { code: 'VALUE_NOT_SERIALIZABLE' })
      await adapter.cache.set('k', round)
      assert.equal(await adapter.cache.get('k'), round)
    }
  })
})
