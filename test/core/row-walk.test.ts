import { expect, test } from 'vitest'
import type { Row } from '../../packages/shared/src/driver/driver.js'
import { ALL_NAMES } from '../../packages/shared/src/keys/key-range.js'
import { type ValuePageStatement, walkRows } from '../../packages/shared/src/session/row-walk.js'
import type { Session } from '../../packages/shared/src/session/session.js'

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text))

test.each([
  ['text', (name: string) => `${name}\0`],
  ['bytes', (name: string) => bytesOf(`${name}\0`)],
])('a long value is read alone, and left out if its row is gone by then, with positions as %s', async (_, nextOf) => {
  const row = (name: string, value: string): Row => ({ name, next: nextOf(name), bytes: 100_000, value }) as never
  const alone: unknown[] = []
  // `b` is deleted between the two reads: the row after it is in its place. `d` was the last.
  const execute = (_: unknown, [from, , , , most]: unknown[]): Row[] => {
    if (Number(most) < 100_000) return ['a', 'b', 'c', 'd'].map((name) => row(name, ''))
    alone.push(from)
    const found = from === 'b' ? 'c' : from
    return found === 'd' ? [] : [row(String(found), `the value of ${found}`)]
  }
  const session = { execute } as unknown as Session
  const values: unknown[] = []
  for await (const { value } of walkRows(session, {} as ValuePageStatement, { range: ALL_NAMES, values: true }))
    values.push(value)
  expect(alone).toEqual(['a', 'b', 'c', 'd'])
  expect(values).toEqual(['the value of a', 'the value of c'])
})
