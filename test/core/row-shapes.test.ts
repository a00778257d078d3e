import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Row } from '../../packages/shared/src/driver/driver.js'
import type { Statement } from '../../packages/shared/src/queue/statement.js'
import { AnswerReader } from '../../packages/shared/src/remote/answer-reader.js'
import { Outgoing } from '../../packages/shared/src/remote/outgoing.js'
import type { Item } from '../../packages/shared/src/remote/protocol.js'
import { Reader } from '../../packages/shared/src/remote/reader.js'

/** A statement that a user may declare: nothing says that it gives the same columns each time. */
const STATEMENT = {
  name: 'raw',
  kind: 'read',
  rows: 'one',
  clocked: 'none',
  sql: 'SELECT * FROM app WHERE key = ?1',
  batch: { sql: 'SELECT * FROM app', match: 'index' },
} as const satisfies Statement

test('rows of one statement have the columns that they had, also where these differ', () => {
  const row = fc.dictionary(fc.constantFrom('key', 'value', 'a, b', 'c'), fc.oneof(fc.string(), fc.integer()))
  fc.assert(
    fc.property(fc.array(row, { minLength: 1 }), (rows) => {
      const sent: Item[] = []
      const outgoing = new Outgoing((message) => sent.push(...message))
      for (const [at, given] of rows.entries()) outgoing.answer(at + 1, given, STATEMENT)
      outgoing.flush()
      expect(readFrom(sent)).toEqual(rows)
    }),
  )
})

function readFrom(message: readonly Item[]): (Row | undefined)[] {
  const rows: (Row | undefined)[] = []
  const answers = new AnswerReader({
    answered: (request, answer) => {
      rows[request - 1] = answer as Row | undefined
    },
    refused: (_, error) => {
      throw error
    },
    pieceCame: () => undefined,
  })
  const reader = new Reader(message)
  while (reader.more) answers.read(reader.count(), reader)
  return rows
}
