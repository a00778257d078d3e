import { expect, test } from 'vitest'
import { jsonCodec } from '../../packages/shared/src/values/json-codec.js'

const stored = <Value>(value: Value): Value => jsonCodec.decode(jsonCodec.encode(value)) as Value

test('an object that a getter makes anew at each call keeps its members', () => {
  const list = { get: () => Object.assign([1], { a: 1 }), enumerable: true }
  const { match, error } = stored({
    get match() {
      return 'a1'.match(/\d/)
    },
    error: Object.defineProperty(new Error('x'), 'list', list) as Error & { list: object },
  })
  expect(match?.index).toBe(1)
  expect(Object.keys(error.list)).toEqual(['0', 'a'])
})

test('an error keeps a name and a message that are no text, or are enumerable', () => {
  const message = { value: { title: 'x' }, enumerable: true }
  const name = { value: 'Declared', enumerable: true }
  expect({ ...stored(Object.defineProperties(new Error('x'), { name, message })) }).toEqual({
    name: 'Declared',
    message: { title: 'x' },
  })
  const unset = stored(Object.assign<object, object>(new Error('x'), { message: undefined, name: undefined }) as Error)
  expect([unset.name, unset.message]).toEqual([undefined, undefined])
})

test('bytes shared with other threads come back as bytes, as a whole and in part', () => {
  const bytes = new Uint8Array(new SharedArrayBuffer(3)).fill(7)
  expect(stored([bytes, bytes.subarray(1)])).toEqual([new Uint8Array([7, 7, 7]), new Uint8Array([7, 7])])
})

test('an error of a built-in class keeps it under another name', () => {
  const renamed = (error: Error) => Object.defineProperty(error, 'name', { value: 'Renamed' })
  class Declined extends RangeError {}
  for (const error of [
    renamed(new TypeError('x')),
    renamed(new AggregateError([1], 'x')),
    renamed(new Declined('x')),
  ]) {
    const back = stored(error)
    expect([back.name, back.message, back.stack]).toEqual(['Renamed', 'x', 'Renamed: x'])
    expect(back).toBeInstanceOf(error instanceof Declined ? RangeError : error.constructor)
  }
  expect(stored(Object.assign(new Error('x'), { name: 'TimeoutError' }))).toMatchObject({ name: 'TimeoutError' })
})

test('an error whose message is a long array comes back at once', () => {
  const message: unknown[] = []
  message.length = 2 ** 32 - 1
  const back: { message: unknown } = stored(Object.assign<Error, object>(new Error('x'), { message }))
  expect(back.message).toHaveLength(message.length)
})

test('a RegExp keeps whatever its lastIndex is', () => {
  for (const lastIndex of ['text', undefined, -0, [1]])
    expect(stored(Object.assign(/a/g, { lastIndex })).lastIndex).toStrictEqual(lastIndex)
})

test('a hidden method is no part of a value in either form', () => {
  const hidden = <Value extends object>(value: Value) => Object.defineProperty(value, 'then', { value: () => 1 })
  for (const value of [{ a: 1 }, { a: undefined }, { a: new Error('x') }, Object.assign([1], { a: 1 })])
    expect(stored(hidden(value))).toEqual(value)
})

test('an object whose prototype was replaced is refused if its content would be lost', () => {
  const empty = [new Map(), new Set(), new Date(), /a/, Object(1), new ArrayBuffer(2), new Uint8Array(0)]
  for (const value of empty) {
    for (const prototype of [Object.prototype, null]) {
      const problem = expect.objectContaining({ path: '.held', message: expect.stringContaining('prototype') })
      expect(() => stored({ held: Object.setPrototypeOf(value, prototype) })).toThrow(problem)
    }
  }
  const error = stored(Object.setPrototypeOf(new Error('x'), Object.prototype))
  expect(error).toMatchObject({ message: 'x' })
})

test('what hides how a built-in object is read changes nothing, or is refused with the path', () => {
  const view = new Uint8Array([1, 2])
  const hidden: [object, string | symbol, unknown, path: string][] = [
    [new Date(5), 'toISOString', () => new Date(6).toISOString(), '[0].toISOString'],
    [new Date(5), 'getDate', () => Number.NaN, '[0].getDate'],
    [Object(1), 'valueOf', () => 2, '[0].valueOf'],
    [/a/g, 'flags', 'i', '[0].flags'],
    [/a/g, 'source', 'b', '[0].source'],
    [new URL('https://a.example'), 'toString', () => 'https://b.example', '[0].toString'],
    [view, 'buffer', new ArrayBuffer(2), '[0].buffer'],
    [new Map([[1, 2]]), Symbol.iterator, () => [][Symbol.iterator](), '[0][Symbol(Symbol.iterator)]'],
    [new Set([1]), Symbol.iterator, () => [][Symbol.iterator](), '[0][Symbol(Symbol.iterator)]'],
  ]
  for (const [object, name, value, path] of hidden) {
    Object.defineProperty(object, name, { value })
    expect(() => stored([object])).toThrow(expect.objectContaining({ path }))
  }
  const pattern = stored(Object.defineProperty(/a/g, 'flags', { value: 'i', enumerable: true }))
  expect(pattern.global).toBe(true)
})

test('the path leads to the member that cannot be stored', () => {
  const fails = {
    get() {
      throw new Error('of the getter')
    },
    enumerable: true,
  }
  const sparse = Object.assign(new Array(2), { '1.5': { call: () => 1 } })
  const long = Object.assign(Array.from({ length: 200 }).fill(1), {
    error: Object.defineProperty(new Error('x'), 'name', fails),
  })
  const tag = { [Symbol.toStringTag]: { value: 'Other' } }
  const bad: [unknown, string][] = [
    [Object.defineProperty(new Error('x'), 'at', fails), '[0].at'],
    [Object.defineProperty(new Array(2), 4294967295, fails), '[0]["4294967295"]'],
    [sparse, '[0]["1.5"].call'],
    [long, '[0].error'],
    [Object.assign([Object.create(Date.prototype)], { total: 1 }), '[0][0]'],
    [Object.assign([Object.defineProperties(new Map(), tag)], { total: 1 }), '[0][0][Symbol(Symbol.toStringTag)]'],
    [Object.create(Array.prototype), '[0]'],
  ]
  for (const [value, path] of bad) expect(() => stored([value])).toThrow(expect.objectContaining({ path }))
})
