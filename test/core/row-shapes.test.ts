import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sqliteDialect } from '../../packages/shared/src/dialects/sqlite/sqlite-dialect.js'
import type { Row } from '../../packages/shared/src/driver/driver.js'
import { SqliteAdapter } from '../../packages/shared/src/index.js'
import type { Statement } from '../../packages/shared/src/queue/statement.js'
import { statementsOf } from '../../packages/shared/src/remote/owner/serve.js'
import { AnswerReader } from '../../packages/shared/src/remote/wire/answer-reader.js'
import { AnswerWriter } from '../../packages/shared/src/remote/wire/answer-writer.js'
import type { Item } from '../../packages/shared/src/remote/wire/protocol.js'
import { Reader } from '../../packages/shared/src/remote/wire/reader.js'
import { databaseSyncDriver } from './database-sync-driver.js'

/** A statement that a client may declare: its columns may differ from call to call. */
const STATEMENT = {
  name: 'raw',
  kind: 'read',
  rows: 'one',
  clocked: 'none',
  sql: 'SELECT * FROM app WHERE key = ?1',
  batch: { sql: 'SELECT * FROM app', match: 'index' },
} as const satisfies Statement

test('rows of one statement keep their columns, also if these differ', () => {
  const row = fc.dictionary(fc.constantFrom('key', 'value', 'a, b', 'c'), fc.oneof(fc.string(), fc.integer()), {
    minKeys: 1,
  })
  fc.assert(
    fc.property(fc.array(row, { minLength: 1 }), (rows) => {
      const sent: Item[] = []
      const outgoing = new AnswerWriter((message) => sent.push(...message))
      for (const [at, given] of rows.entries()) outgoing.answer(at + 1, given, STATEMENT)
      outgoing.flush()
      expect(readFrom(sent)).toEqual(rows)
    }),
  )
})

test('each statement of ours has the same columns for many calls as for one', async () => {
  const handle = new DatabaseSync(':memory:')
  const own = new SqliteAdapter(handle, () => databaseSyncDriver(handle as never, () => undefined), {
    closeOnDisconnect: false,
  })
  await own.connect()
  const columns = (sql: string): string[] =>
    handle
      .prepare(sql)
      .columns()
      .map(({ name }) => name)
  const indexed = [...statementsOf({ dialect: sqliteDialect })].filter(({ batch }) => batch?.match === 'index')
  expect(indexed.length).toBeGreaterThan(0)
  for (const { name, sql, batch } of indexed) {
    const one = columns(sql)
    for (const many of [batch?.sql, batch?.packed]) {
      if (many !== undefined)
        expect(
          columns(many).filter((column) => column !== 'i'),
          name,
        ).toEqual(one)
    }
  }
  await own.disconnect()
  handle.close()
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
