import assert from 'node:assert/strict'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { forAll } from '../property.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'

/** Stores `value` inside another value in each of the three stores that hold values, and returns what they read back. */
async function back(adapter: AdapterUnderTest, value: unknown): Promise<unknown[]> {
  await adapter.cache.setMany([['k', { value }]])
  await adapter.idempotency.set('k', { value })
  await adapter.checkpoint.save({ id: 'k', taskId: 't', sequence: 1, timestamp: 1, progress: 0, data: { value } })
  const stored = [
    await adapter.cache.get('k'),
    (await adapter.idempotency.get('k'))?.value,
    (await adapter.checkpoint.load('k'))?.data,
  ]
  return stored.map((one) => (one as { value: unknown }).value)
}

const hidden = (name: string, value: unknown) => ({ [name]: { value, enumerable: false, configurable: true } })

class Money extends Map {
  currency = 'EUR'
}
class Tags extends Set {}
class Page extends Array {}
class Day extends Date {}
class Pattern extends RegExp {}
class Hash extends Uint8Array {}
class Address extends URL {}
const throwing = {
  get() {
    throw new Error('of the getter')
  },
}

/** Returns the bytes after another thread has received them. */
function transferred<T extends ArrayBuffer | Uint8Array<ArrayBuffer>>(bytes: T): T {
  structuredClone(0, { transfer: [ArrayBuffer.isView(bytes) ? bytes.buffer : bytes] })
  return bytes
}

/** Returns whether one of `objects` is `wanted` or leads to it. */
function isWithin(
  wanted: object,
  objects: Iterable<object> | undefined,
  inner: ReadonlyMap<object, Iterable<object>>,
): boolean {
  const found = new Set(objects ?? [])
  // A Set also iterates over objects that are added meanwhile.
  for (const object of found) for (const next of inner.get(object) ?? []) found.add(next)
  return found.has(wanted)
}

const Nothing = function Nothing() {}
Nothing.prototype = Object.create(null, hidden('constructor', Nothing))

export const keptOrRefused: EngineSuite = engineSuite('kept or refused', (check) => {
  check('an AggregateError keeps its class and its errors', async (world) => {
    const error = new AggregateError([new TypeError('a'), 'b'], 'both failed')
    for (const stored of await back(await world.adapter(), error)) {
      assert.ok(stored instanceof AggregateError)
      assert.equal(stored.message, 'both failed')
      assert.ok(stored.errors[0] instanceof TypeError)
      assert.equal(stored.errors[1], 'b')
      assert.equal(Object.keys(stored).includes('errors'), false)
    }
  })

  check('an error keeps its non-enumerable members, such as both errors of a SuppressedError', async (world) => {
    const error =
      typeof SuppressedError === 'function'
        ? new SuppressedError(new Error('of the dispose'), new Error('of the body'), 'm')
        : Object.defineProperties(new Error('m'), {
            ...hidden('name', 'SuppressedError'),
            ...hidden('error', new Error('of the dispose')),
            ...hidden('suppressed', new Error('of the body')),
          })
    for (const stored of (await back(await world.adapter(), error)) as SuppressedError[]) {
      assert.ok(typeof SuppressedError !== 'function' || stored instanceof SuppressedError)
      assert.deepEqual([stored.name, stored.message], ['SuppressedError', 'm'])
      assert.equal(stored.error.message, 'of the dispose')
      assert.equal(stored.suppressed.message, 'of the body')
    }
  })

  check('a value made in another realm is stored as one of this realm', async (world) => {
    const adapter = await world.adapter()
    const source = `Object.assign(new RangeError('far', { cause: new Map([[1, [new Date(5)]]]) }), { code: 'E_FAR' })`
    for (const stored of (await back(adapter, runInNewContext(source))) as (RangeError & { code: string })[]) {
      assert.ok(stored instanceof RangeError)
      assert.deepEqual([stored.message, stored.code, stored.cause], ['far', 'E_FAR', new Map([[1, [new Date(5)]]])])
    }
    for (const [stored, text] of (await back(
      adapter,
      runInNewContext(`[JSON.parse('{"__proto__":[1]}'), new String('ab')]`),
    )) as [object, string][]) {
      assert.deepEqual([Object.entries(stored), `${text}`], [[['__proto__', [1]]], 'ab'])
    }
    await refuses(() => adapter.cache.set('k', runInNewContext('class Money extends Map {}; new Money()')), {
      code: 'VALUE_NOT_SERIALIZABLE',
      says: ['Money'],
    })
  })

  check('members of arrays, Maps, Sets, Dates and RegExps come back', async (world) => {
    const adapter = await world.adapter()
    const match = '2026-01-31'.match(/(?<y>\d+)-/)
    const long = Object.assign(Array.from({ length: 1_000 }).fill(1), { total: 1_000 })
    const sparse = Object.assign([1], { total: 5 })
    sparse[1_000] = 2
    const asManyHolesAsMembers = Object.assign([1], { total: 5 })
    asManyHolesAsMembers[2] = 3
    // Whoever visits each hole takes minutes.
    const billionsOfHoles = Object.assign([1], { total: 5, length: 2 ** 32 - 1 })
    const arrays = [match, long, sparse, asManyHolesAsMembers, billionsOfHoles]
    const values = [...arrays, Object.assign([], { total: 0 }), Object.assign([new Date(1)], { '-1': 'x' })]
    for (const value of values as (unknown[] & { total?: number })[]) {
      for (const stored of (await back(adapter, value)) as typeof values) {
        assert.ok(Array.isArray(stored))
        assert.deepEqual(Object.entries(stored), Object.entries(value))
        assert.equal(stored.length, value.length)
      }
    }
    // A copy by length would take minutes.
    const holes = Object.assign(new Array(2 ** 32 - 1), { slice: 'x', constructor: 'y' })
    const day = Object.assign(new Date(7), { getTime: 'x' })
    for (const [list, date] of (await back(adapter, [holes, day])) as [unknown[], Date][]) {
      assert.deepEqual([list.length, Object.entries(list)], [2 ** 32 - 1, Object.entries(holes)])
      assert.deepEqual(date, day)
    }
    const sticky = /a/gy
    sticky.lastIndex = 3
    const built = [new Map([['a', 1]]), new Set([1]), new Date(7), /a/g].map((one) => Object.assign(one, { unit: [1] }))
    for (const value of built) {
      for (const stored of await back(adapter, value)) assert.deepEqual(stored, value)
    }
    for (const stored of await back(adapter, sticky)) assert.equal((stored as RegExp).lastIndex, 3)
  })

  check('a class that extends a built-in one is refused with its name and the path', async (world) => {
    const adapter = await world.adapter()
    const instances = [
      new Money(),
      new Tags(),
      new Page(),
      new Day(),
      new Pattern('a'),
      new Hash(2),
      new Address('http://a/'),
      Object.assign(Object.create(Nothing.prototype), { a: 1 }),
    ]
    for (const instance of instances) {
      const says = [instance.constructor.name, 'of[0]', /plain data/]
      await refuses(() => back(adapter, { of: [instance] }), { code: 'VALUE_NOT_SERIALIZABLE', says })
    }
    assert.equal(await adapter.cache.has('k'), false)
  })

  check('a value that is not data is refused with the path to it', async (world) => {
    const adapter = await world.adapter()
    const mark = Symbol('mark')
    const toJSON = hidden('toJSON', () => 'other')
    const bad: [unknown, string | RegExp][] = [
      [Object.assign([1], { save() {} }), 'value.save'],
      [Object.assign([1], { [mark]: 1 }), 'value[Symbol(mark)]'],
      [Object.assign(Array.from({ length: 1_000 }).fill(1), { [mark]: 1 }), 'value[Symbol(mark)]'],
      [Object.assign(new Map(), { [mark]: 1 }), 'value[Symbol(mark)]'],
      [Object.assign(new Error('x'), { [mark]: 1 }), 'value[Symbol(mark)]'],
      [Object.assign(new Uint8Array(0), { unit: 'm' }), 'value.unit'],
      [Object.assign(new String('ab'), { 5: 'c' }), 'value["5"]'],
      [Object.defineProperty({ a: 1 }, Symbol.toStringTag, { value: 'Number' }), 'value[Symbol(Symbol.toStringTag)]'],
      [Object.assign(new Uint8Array(2), { unit: 'm' }), 'value.unit'],
      [Object.assign(new Uint8Array(2_000), { unit: 'm' }), 'value.unit'],
      [Object.defineProperties({ a: 1 }, toJSON), 'value.toJSON'],
      [Object.defineProperties([1], toJSON), 'value.toJSON'],
      [Object.defineProperties(new Date(1), toJSON), 'value.toJSON'],
      [new Map([['a', { b: () => 1 }]]), 'value.get("a").b'],
      [new Map([[{ b: () => 1 }, 1]]), 'value.keys()[0].b'],
      [new Set([1, mark]), 'value.values()[1]'],
      [new Error('x', { cause: [() => 1] }), 'value.cause[0]'],
      [
        {
          get a() {
            throw new Error('of the getter')
          },
        },
        'value.a',
      ],
      [
        Object.defineProperty(new Error('x'), 'message', throwing),
        /member value of the value: it cannot be read \(of the getter/,
      ],
      [Object.create(URL.prototype), /member value of the value: it cannot be read/],
      [transferred(new Uint8Array(8)), /member value of the value: it cannot be read/],
      [transferred(new ArrayBuffer(8)), /member value of the value: it cannot be read/],
      [Promise.resolve(1), /value of the value: it is a Promise.*await/],
      [new Response('x'), /instance of Response/],
    ]
    for (const [value, path] of bad) {
      await refuses(() => back(adapter, value), { code: 'VALUE_NOT_SERIALIZABLE', says: [path] })
    }
    await refuses(() => adapter.cache.set('k', Promise.resolve(1)), {
      code: 'VALUE_NOT_SERIALIZABLE',
      says: [/Promise/, /await/],
    })
    assert.equal(await adapter.cache.has('k'), false)
  })

  check('a cycle that cannot be read back is refused with the path at which it closes', async (world) => {
    const adapter = await world.adapter()
    const error: { cause?: unknown } = new Error('x')
    error.cause = { request: { error } }
    const aggregate = new AggregateError([])
    aggregate.errors.push([aggregate])
    const map = Object.assign(new Map<string, unknown>(), { unit: 'm' })
    map.set('a', [map])
    const date: Date & { self?: unknown } = new Date(1)
    date.self = date
    const list: unknown[] & { first?: unknown } = []
    list.first = [list]
    const record = JSON.parse('{"__proto__":{}}')
    record.self = record
    const bad: [unknown, string][] = [
      [error, 'value.cause.request.error of the value: it is the Error that contains it'],
      [aggregate, 'value.errors[0][0] of the value: it is the Error that contains it'],
      [map, 'value.get("a")[0] of the value: it is the Map that contains it'],
      [date, 'value.self of the value: it is the Date that contains it'],
      [list, 'value.first[0] of the value: it is the Array that contains it'],
      [record, 'value.self of the value: it is the Object that contains it'],
    ]
    for (const [value, path] of bad) {
      await refuses(() => back(adapter, value), { code: 'VALUE_NOT_SERIALIZABLE', says: [path] })
    }
    assert.equal(await adapter.cache.has('k'), false)
  })

  check('objects that refer to each other in any way can be read back, or are refused with the path', async (world) => {
    const { cache } = await world.adapter()
    const FIRST_RECORD = 3
    const makers = [
      () => ({}),
      () => [],
      () => new Map(),
      // From here on, the reader creates the object after everything in it.
      () => new Error('x'),
      () => Object.assign(new Map(), { unit: 'm' }),
      () => Object.assign([], { unit: 'm' }),
      () => JSON.parse('{"__proto__":1}'),
    ]
    const reference = fc.tuple(fc.nat(), fc.nat(), fc.boolean())
    const graph = fc.tuple(fc.array(fc.nat(makers.length - 1), { minLength: 1, maxLength: 6 }), fc.array(reference))
    await forAll(graph, 300, async ([kinds, references]) => {
      const objects: object[] = kinds.map((kind) => (makers[kind] as () => object)())
      const at = (index: number) => objects[index % objects.length] as object
      const inner = new Map(objects.map((object) => [object, new Set<object>()]))
      for (const [order, [from, to, inside]] of references.entries()) {
        const holder = at(from)
        if (inside && Array.isArray(holder)) holder.push(at(to))
        else if (inside && holder instanceof Map) holder.set(`k${order}`, at(to))
        else if (!(holder instanceof Map) && !Array.isArray(holder)) Object.assign(holder, { [`m${order}`]: at(to) })
        else continue
        inner.get(holder)?.add(at(to))
      }
      await cache.delete('k')
      const refusal = await cache.set('k', { all: objects, last: undefined }).catch((error: unknown) => error)
      if (refusal === undefined) {
        assert.equal((await cache.get<{ all: object[] }>('k'))?.all.length, objects.length)
        return
      }
      assert.match(String(refusal), /cannot store the member all\S+ of the value: it is the \w+ that contains it/)
      const records = objects.filter((_, index) => (kinds[index] as number) >= FIRST_RECORD)
      assert.ok(
        records.some((record) => isWithin(record, inner.get(record), inner)),
        'a record contains itself',
      )
    })
  })

  check('a toJSON that every array inherits changes nothing', async (world) => {
    const adapter = await world.adapter()
    Object.defineProperty(Array.prototype, 'toJSON', { value: () => 'other', configurable: true })
    try {
      await adapter.cache.set('k', { list: [1, [2]] })
    } finally {
      delete (Array.prototype as { toJSON?: unknown }).toJSON
    }
    assert.deepEqual(await adapter.cache.get('k'), { list: [1, [2]] })
  })

  check('a Buffer comes back as a Uint8Array of the same bytes', async (world) => {
    for (const stored of await back(await world.adapter(), Buffer.from('abc'))) {
      assert.equal(Object.getPrototypeOf(stored), Uint8Array.prototype)
      assert.deepEqual(stored, new Uint8Array([97, 98, 99]))
    }
  })

  check(
    'two references to one object come back as two from plain JSON, and as one from the extended form',
    async (world) => {
      const { cache } = await world.adapter()
      const shared = { a: 1 }
      await cache.set('plain', [shared, shared])
      await cache.set('extended', [shared, shared, undefined])
      const [a, b] = (await cache.get<object[]>('plain')) ?? []
      const [c, d] = (await cache.get<object[]>('extended')) ?? []
      assert.deepEqual([a, b, c, d], [shared, shared, shared, shared])
      assert.deepEqual([a === b, c === d], [false, true])
    },
  )
})
