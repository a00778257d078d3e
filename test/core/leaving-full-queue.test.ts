import { SqliteAdapter } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'
import { inAnotherThread } from './in-another-thread.js'

const LIMIT = 1_000_000

test('an adapter that leaves a handle waits for its own calls, also when the queue of the handle is full', async () => {
  const handle = {}
  const driver = inAnotherThread(databaseSyncDriver(new DatabaseSync(':memory:'), () => undefined))
  const [leaver, other] = [new SqliteAdapter(handle, () => driver), new SqliteAdapter(handle, () => driver)]
  await Promise.all([leaver.connect(), other.connect()])
  const settled: string[] = []
  const note = (what: string) => () => void settled.push(what)
  const calls = Array.from({ length: LIMIT }, (_, at) => leaver.recordFailure(`k${at % 2}`, 5))
  const last = calls.at(-1)?.then(note('the call'))
  const refused = expect(other.get('k')).rejects.toMatchObject({ code: 'QUEUE_FULL', operation: 'cache.get' })
  await Promise.all([refused, last, leaver.disconnect().then(note('disconnect'))])
  expect(settled).toEqual(['the call', 'disconnect'])
  await Promise.all(calls)
  await other.disconnect()
}, 60_000)
