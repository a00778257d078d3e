import { expect, test } from 'vitest'
import type { Row } from '../../packages/shared/src/driver/driver.js'
import { ALL_NAMES } from '../../packages/shared/src/keys/key-range.js'
import { nameOf, type ValuePageStatement, walkRows } from '../../packages/shared/src/session/row-walk.js'
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

test('a walk reads no more rows and values than it needs, and short values with their page', async () => {
  const asked: unknown[][] = []
  const execute = (_: unknown, [from, , , rows, bytes]: unknown[]): Row[] => {
    asked.push([from, rows, bytes])
    return ['a', 'b', 'c'].map((name) => ({ name, next: `${name}\0`, bytes: 10, value: name })).slice(0, Number(rows))
  }
  const session = { execute } as unknown as Session
  for (const options of [
    { most: 2, values: true },
    { most: 1_000, values: false },
  ]) {
    const walk = walkRows(session, {} as ValuePageStatement, { range: ALL_NAMES, ...options })
    for (let left = Math.min(options.most, 3); left > 0; left--) await walk.next()
  }
  expect(asked).toEqual([
    ['', 2, 65_536],
    ['', 128, -1],
  ])
})

test('the event loop has a turn before each further page of a walk', async () => {
  let turns = 0
  const turn = () => {
    turns++
    next = setImmediate(turn)
  }
  let next = setImmediate(turn)
  const turnsOfPages: number[] = []
  const execute = (_: unknown, [from, , , rows]: unknown[]): Row[] => {
    turnsOfPages.push(turns)
    const start = Number(from) + 1
    return Array.from({ length: Number(rows) }, (_, at) => ({ name: String(start + at), next: start + at, bytes: 0 }))
  }
  const session = { execute } as unknown as Session
  for await (const _ of walkRows(session, {} as ValuePageStatement, { range: ALL_NAMES, values: false })) {
    if (turnsOfPages.length === 4) break
  }
  clearImmediate(next)
  expect(turnsOfPages.map((turn, page) => turn > (turnsOfPages[page - 1] ?? -1))).toEqual([true, true, true, true])
})

test('the name of a row is found in each encoding of a file, but not for bytes that are not its text', () => {
  const name = 'ü🙂'
  const utf16 = Buffer.from(`${name}\0`, 'utf16le')
  for (const next of [`${name}\0`, Buffer.from(`${name}\0`), utf16, Buffer.from(utf16).swap16()]) {
    expect(nameOf({ name, next } as never)).toBe(name)
  }
  expect(nameOf({ name, next: Buffer.from('other\0') } as never)).toBeUndefined()
})
