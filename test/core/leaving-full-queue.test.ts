import { SqliteAdapter } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'
import { inAnotherThread } from './in-another-thread.js'

const LIMIT = 1_000_000

test('an adapter that leaves a handle waits for its own calls, also when the queue of the handle is full', async () => {
  const handle = {}
  let answer: [] | undefined
  const driver = inAnotherThread(databaseSyncDriver(new DatabaseSync(':memory:'), () => answer))
  const [leaver, other] = [new SqliteAdapter(handle, () => driver), new SqliteAdapter(handle, () => driver)]
  await Promise.all([leaver.connect(), other.connect()])
  const settled: string[] = []
  const note = (what: string) => () => void settled.push(what)
  // A million calls that the engine runs, or whose promises are kept, take three times as long.
  answer = []
  let last = leaver.get('k')
  for (let calls = 1; calls < LIMIT; calls++) last = leaver.get('k')
  const refused = expect(other.get('k')).rejects.toMatchObject({ code: 'QUEUE_FULL', operation: 'cache.get' })
  await Promise.all([refused, last.then(note('the call')), leaver.disconnect().then(note('disconnect'))])
  expect(settled).toEqual(['the call', 'disconnect'])
  await other.disconnect()
}, 60_000)
