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
  const text = await textOf(value)
  expect([text.length, text.endsWith('…')]).toEqual([20_001, true])
  expect(formatted).toBeLessThan(50_000)
})

test.each([
  ['an array', (list: unknown[]) => list],
  ['a Set', (list: unknown[]) => new Set(list)],
  ['a Map', (list: unknown[]) => new Map(list.map((item) => [item, 1]))],
])('the members of %s are all counted, and what follows them is shown', async (_, made) => {
  const long = made(Array.from({ length: 9_999 }, (_, n) => n))
  const text = await textOf({ long, last: [{ a: 'shown' }] })
  expect(text).toContain('8999 more items')
  expect(text).toContain("last: [ { a: 'shown' } ]")
  expect(text.match(/\((\d+)\) /g) ?? []).toEqual(Array.isArray(long) ? [] : ['(9999) '])
})

test('the first members of a value are copied as they are', () => {
  const value: Record<string, unknown> = JSON.parse('{"__proto__": {"own": true}, "list": [1, [2]]}')
  value.map = new Map([[{ a: 1 }, new Set([new Date(0)])]])
  const { value: copy, partial } = firstMembers(value, 1_000, 1_000, 10)
  expect(partial).toBe(false)
  expect(copy).not.toBe(value)
  expect(copy).toEqual(value)
  expect(Object.keys(copy as object)).toEqual(['__proto__', 'list', 'map'])
})

test.each([
  ['an object', { a: 1, b: 2, c: 3 }, { a: 1, b: 2 }],
  ['an array', [1, {}, [3], [4]], [1, {}, {}, {}]],
  ['a Set', new Set([1, {}, [3], [4]]), new Set([1, {}, {}, {}])],
  ['a Map', new Map([[1, { a: 1, b: 2 }]]), new Map([[1, {}]])],
  ['nested arrays', [[{ a: 1 }, { b: 2 }], 3], [[{}, {}], 3]],
])('the members of %s are counted, also the nested ones', (_, value, first) => {
  expect(firstMembers(value, 2, 1_000, 10)).toEqual({ value: first, partial: true })
})

test('what contains itself is copied once and shown as a reference', async () => {
  const root: Record<string, unknown> = { name: 'root' }
  const children = Array.from({ length: 60 }, (_, at) => ({ name: `child ${at}`, parent: root }))
  Object.assign(root, { children, map: new Map([[root, root]]), set: new Set([root]) })
  const { value, partial } = firstMembers(root, 1_000, 1_000, 10)
  expect(partial).toBe(false)
  expect(value).not.toBe(root)
  expect(value).toEqual(root)
  expect(await textOf(root)).toMatch(/Circular.*child 59/s)
})

test('the holes of a list are not visited', () => {
  const sparse: unknown[] = [1]
  sparse.length = 2 ** 32 - 1
  const { value, partial } = firstMembers(sparse, 1_000, 1_000, 10)
  expect([partial, (value as unknown[]).length, Object.keys(value as object)]).toEqual([false, sparse.length, ['0']])
})

test('what is nested more deeply is not copied', () => {
  const inner = { a: 1 }
  const { value } = firstMembers({ outer: { inner } }, 1_000, 1_000, 1)
  expect((value as { outer: { inner: object } }).outer.inner).toBe(inner)
})

/** Returns the text that the page shows for a value. */
async function textOf(value: unknown): Promise<string> {
  const adapter = {
    stats: () => persistence.stats(),
    inspect: () => ({
      async *entries() {
        yield { prefix: 'shop:', key: 'large', value }
      },
    }),
  }
  const inspect = inspector(adapter as unknown as Inspectable, { token: TOKEN, clock, values: true })
  const response = await inspect(requestFor('?view=value&prefix=shop:&of=entries&key=large'))
  return ((await response.json()) as { text: string }).text
}
