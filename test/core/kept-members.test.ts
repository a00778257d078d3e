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
