import { join } from 'node:path'
import { ManualClock } from '@go-go-scope/persistence-conformance'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { Connection } from '../../packages/shared/src/connection/connection.js'
import { sqliteDialect } from '../../packages/shared/src/dialects/sqlite/sqlite-dialect.js'
import { nothing, write } from '../../packages/shared/src/queue/statement.js'
import { temporaryFolder } from '../harness/temporary-folder.js'
import { databaseSyncDriver } from './database-sync-driver.js'
import { inAnotherThread } from './in-another-thread.js'
import { settled } from './settled.js'

/** Makes a connection to a file, whose second connection says what it does and answers after `before`. */
async function connectionOf(readOnly: boolean, said: string[], before: () => Promise<void> = async () => undefined) {
  const path = join(temporaryFolder('second-connection'), 'app.db')
  const open = () => databaseSyncDriver(new DatabaseSync(path), () => undefined)
  const secondConnection = () => {
    const driver = inAnotherThread(open(), before)
    const query: typeof driver.query = async (...given) => {
      const rows = await driver.query(...given)
      said.push('answered')
      return rows
    }
    return { ...driver, query, close: async () => void said.push('closed') }
  }
  const driver = { ...inAnotherThread(open()), secondConnection }
  const options = { clock: new ManualClock(), random: Math.random, busyTimeout: 0, readOnly }
  const connection = Connection.of({}, () => driver, sqliteDialect, options)
  await connection.open()
  return connection
}

test('the second connection of a reader refuses writes as the first does', async () => {
  const connection = await connectionOf(true, [])
  const statement = write('prune', 'none', 'CREATE TABLE mine (x)')
  for (const queue of [connection.queue, connection.queueForLongCalls]) {
    await expect(queue.execute(statement, [], nothing)).rejects.toMatchObject({ code: 'READ_ONLY', operation: 'prune' })
  }
  await connection.close()
})

test('the second connection is closed after its calls have been answered', async () => {
  const said: string[] = []
  let answer: () => void = () => undefined
  const held = new Promise<void>((resolve) => {
    answer = resolve
  })
  const connection = await connectionOf(false, said, () => held)
  const rows = connection.queueForLongCalls.query('verify', 'SELECT 1 AS one')
  const closed = connection.close()
  await settled()
  expect(said).toEqual([])
  answer()
  expect(await rows).toEqual([{ one: 1 }])
  await closed
  expect(said).toEqual(['answered', 'closed'])
})
