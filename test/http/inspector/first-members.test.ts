import { type Inspectable, inspector } from '@go-go-scope/persistence-inspector'
import { expect, test } from 'vitest'
import { firstMembers } from '../../../packages/inspector/src/first-members.js'
import { clock, persistence, requestFor, TOKEN } from './inspected.js'

test('a large value is formatted only as far as it is shown', async () => {
  let formatted = 0
  class Member {
    // A formatter reads it.
    get [Symbol.toStringTag](): string {
      formatted++
      return 'Member'
    }
  }
  const value = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, new Member()]))
  const large = {
    stats: () => persistence.stats(),
    inspect: () => ({
      async *entries() {
        yield { prefix: 'shop:', key: 'large', value }
      },
    }),
  }
  const inspect = inspector(large as unknown as Inspectable, { token: TOKEN, clock, values: true })
  const response = await inspect(requestFor('?view=value&prefix=shop:&of=entries&key=large'))
  const { text } = (await response.json()) as { text: string }
  expect([text.length, text.endsWith('…')]).toEqual([20_001, true])
  expect(formatted).toBeLessThan(50_000)
})

test('the first members of a value are copied as they are, whatever contains them', () => {
  const value: Record<string, unknown> = JSON.parse('{"__proto__": {"own": true}, "list": [1, [2]]}')
  value.map = new Map([[{ a: 1 }, new Set([new Date(0)])]])
  value.self = value
  const { value: copy, partial } = firstMembers(value, 1_000, 10)
  expect(partial).toBe(false)
  expect(copy).not.toBe(value)
  expect(copy).toEqual(value)
  expect(Object.keys(copy as object)).toEqual(['__proto__', 'list', 'map', 'self'])
  expect((copy as typeof value).self).toBe(copy)
})

test.each([
  ['an object', { a: 1, b: 2, c: 3 }, { a: 1, b: 2 }],
  ['an array', [1, 2, 3], [1, 2]],
  ['a Set', new Set([1, 2, 3]), new Set([1, 2])],
  ['a Map', new Map([[1, { a: 1 }]]), new Map([[1, undefined]])],
  ['nested arrays', [[1, 2], 3], [[1]]],
])('the members of %s are counted, also the nested ones', (_, value, first) => {
  expect(firstMembers(value, 2, 10)).toEqual({ value: first, partial: true })
})

test('what is nested more deeply is not copied', () => {
  const inner = { a: 1 }
  const { value } = firstMembers({ outer: { inner } }, 1_000, 1)
  expect((value as { outer: { inner: object } }).outer.inner).toBe(inner)
})
