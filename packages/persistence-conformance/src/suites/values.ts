import assert from 'node:assert/strict'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { refuses } from '../refusal.js'
import { EXTENDED_VALUES } from '../storable-value.js'
import { type EngineSuite, engineSuite } from '../suite.js'

class Account {
  balance = 1
}

/** Stores `value` in each of the three stores that hold values, and returns what they read back. */
async function throughEachStore(adapter: AdapterUnderTest, value: unknown): Promise<unknown[]> {
  await adapter.cache.set('k', value)
  await adapter.idempotency.set('k', value)
  await adapter.checkpoint.save({ id: 'k', taskId: 't', sequence: 1, timestamp: 1, progress: 0, data: value })
  return [
    await adapter.cache.get('k'),
    (await adapter.idempotency.get('k'))?.value,
    (await adapter.checkpoint.load('k'))?.data,
    (await adapter.cache.getMany(['k'])).get('k'),
  ]
}

export const values: EngineSuite = engineSuite('values', (check) => {
  check('values that JSON loses come back, through every store', async (world) => {
    const adapter = await world.adapter()
    for (const value of EXTENDED_VALUES) {
      for (const back of await throughEachStore(adapter, value)) assert.deepEqual(back, value)
    }
  })

  check('an invalid Date comes back as one', async (world) => {
    for (const back of await throughEachStore(await world.adapter(), new Date(Number.NaN))) {
      assert.ok(back instanceof Date && Number.isNaN(back.getTime()))
    }
  })

  check('undefined members and elements stay', async (world) => {
    const { cache } = await world.adapter()
    await cache.set('k', { list: [undefined, 1, undefined], absent: undefined })
    const back = await cache.get<{ list: unknown[]; absent: unknown }>('k')
    assert.equal(back?.list.length, 3)
    assert.equal(Object.hasOwn(back ?? {}, 'absent'), true)
  })

  check('errors keep class, name, message, code and cause', async (world) => {
    const cause = Object.assign(new RangeError('inner'), { code: 'E_INNER', detail: { at: new Date(5) } })
    const error = Object.assign(new TypeError('outer', { cause }), { code: 'E_OUTER' })
    const named = new Error('timed out')
    named.name = 'TimeoutError'
    for (const back of await throughEachStore(await world.adapter(), [error, named])) {
      const [outer, timeout] = back as [TypeError & { code: string; cause: typeof cause }, Error]
      assert.ok(outer instanceof TypeError)
      assert.deepEqual([outer.name, outer.message, outer.code], ['TypeError', 'outer', 'E_OUTER'])
      assert.ok(outer.cause instanceof RangeError)
      assert.deepEqual(
        [outer.cause.message, outer.cause.code, outer.cause.detail],
        ['inner', 'E_INNER', { at: new Date(5) }],
      )
      assert.ok(timeout instanceof Error)
      assert.deepEqual([timeout.name, timeout.message], ['TimeoutError', 'timed out'])
    }
  })

  check('an error of an app class comes back as an Error with its name, tag and members', async (world) => {
    class PaymentError extends Error {
      readonly _tag = 'PaymentError'
      override readonly name = 'PaymentError'
    }
    const { idempotency } = await world.adapter()
    await idempotency.set('k', [new PaymentError('declined'), undefined])
    const [error] = (await idempotency.get<[PaymentError, undefined]>('k'))?.value ?? []
    assert.ok(error instanceof Error)
    assert.deepEqual([error.name, error.message, error._tag], ['PaymentError', 'declined', 'PaymentError'])
  })

  check('a view of a part of a buffer stores that part only', async (world) => {
    const { cache } = await world.adapter()
    const whole = new Uint8Array([1, 2, 3, 4])
    await cache.set('k', whole.subarray(1, 3))
    const back = await cache.get<Uint8Array>('k')
    assert.deepEqual([...(back ?? [])], [2, 3])
    assert.equal(back?.buffer.byteLength, 2)
  })

  check('plain JSON is plain JSON text on disk', async (world) => {
    const { cache, idempotency } = await world.adapter()
    const plain = [0, 'text', null, true, [], {}, { a: [1, { b: 'ü🙂"\\' }] }, 1e300]
    for (const value of plain) {
      await cache.set('k', value)
      await idempotency.set('k', value)
      for (const table of ['go_goscope_cache', 'go_goscope_idempotency']) {
        const [row] = await world.rows(`SELECT value FROM ${table}`)
        assert.equal(row?.value, JSON.stringify(value))
      }
    }
  })

  check('a stored value does not change when the caller changes its object later', async (world) => {
    const { cache } = await world.adapter()
    const value = { list: [1] }
    const stored = cache.set('k', value)
    value.list.push(2)
    await stored
    assert.deepEqual(await cache.get('k'), { list: [1] })
    const first = await cache.get<typeof value>('k')
    first?.list.push(3)
    assert.deepEqual(await cache.get('k'), { list: [1] })
  })

  check('a value that cannot be stored is refused with the path to it, and nothing changes', async (world) => {
    const adapter = await world.adapter()
    await throughEachStore(adapter, 'before')
    const before = await world.dump()
    const bad: [unknown, RegExp][] = [
      [{ user: { save: () => 1 } }, /user\.save/],
      [[1, { tag: Symbol('x') }], /\[?1\]?\.tag/],
      [{ account: new Account() }, /account/],
      [{ map: new Map([['fn', () => 1]]) }, /map/],
      [() => 1, /function/],
    ]
    for (const [value, path] of bad) {
      const expected = { code: 'VALUE_NOT_SERIALIZABLE', says: [path] }
      await refuses(() => adapter.cache.set('k', value), expected)
      await refuses(
        () =>
          adapter.cache.setMany([
            ['other', 1],
            ['k', value],
          ]),
        expected,
      )
      await refuses(() => adapter.idempotency.set('k', value), expected)
      const saved = { id: 'k', taskId: 't', sequence: 2, timestamp: 1, progress: 0, data: value }
      await refuses(() => adapter.checkpoint.save(saved), expected)
    }
    assert.equal(await world.dump(), before)
  })

  check('a cycle comes back as one or is refused, and never overflows', async (world) => {
    const { cache } = await world.adapter()
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    try {
      await cache.set('k', cycle)
    } catch (error) {
      assert.equal((error as { code?: unknown }).code, 'VALUE_NOT_SERIALIZABLE')
      assert.equal(await cache.has('k'), false)
      return
    }
    const back = await cache.get<typeof cycle>('k')
    assert.ok(back !== null && back.self === back)
  })

  check('a codec of the app is used for every value', async (world) => {
    const codec = {
      encode: (value: unknown) => `<${JSON.stringify(value)}>`,
      decode: (text: string) => JSON.parse(text.slice(1, -1)),
    }
    const adapter = await world.adapter({ codec })
    for (const back of await throughEachStore(adapter, { a: 1 })) assert.deepEqual(back, { a: 1 })
    for (const [table, column] of [
      ['cache', 'value'],
      ['idempotency', 'value'],
      ['checkpoints', 'data'],
    ]) {
      const [row] = await world.rows(`SELECT ${column} AS text FROM go_goscope_${table}`)
      assert.equal(row?.text, '<{"a":1}>')
    }
  })

  check('objects without a prototype come back', async (world) => {
    const bare = (members: Record<string, unknown>) => Object.assign(Object.create(null), members)
    const adapter = await world.adapter()
    const proto = Object.defineProperty(bare({}), '__proto__', { value: { polluted: true }, enumerable: true })
    for (const value of [bare({}), bare({ a: 1, deep: bare({ when: new Date(1) }) }), [proto]]) {
      for (const back of await throughEachStore(adapter, value)) {
        assert.deepEqual(JSON.stringify(back), JSON.stringify(value))
        assert.equal((back as { polluted?: unknown }).polluted, undefined)
      }
    }
  })

  check("a codec's text that an engine would change comes back or is refused", async (world) => {
    const codec = { encode: String, decode: (text: string) => text }
    const { cache } = await world.adapter({ codec })
    for (const text of ['a\0b', '\0', 'half \uD800', '\uDC00', '\uFEFFmark', '']) {
      try {
        await cache.set('k', text)
      } catch (error) {
        assert.equal((error as { code?: unknown }).code, 'VALUE_NOT_SERIALIZABLE')
        continue
      }
      assert.equal(await cache.get('k'), text, JSON.stringify(text))
      await Promise.all(['k', 'l', 'm'].map((key) => cache.set(key, text)))
      assert.equal(await cache.get('k'), text, `${JSON.stringify(text)} in a batch`)
    }
  })

  check('values with quotes, emoji, U+10FFFF, NUL and lone surrogates come back', async (world) => {
    const adapter = await world.adapter()
    for (const text of [
      `'"\`;--`,
      '🙂\u{10FFFF}',
      'a\0b',
      'lone \uD800 half',
      '\uDC00',
      '\u2028\u2029',
      'x'.repeat(200_000),
    ]) {
      for (const back of await throughEachStore(adapter, { [text]: [text] })) assert.deepEqual(back, { [text]: [text] })
    }
  })
})
