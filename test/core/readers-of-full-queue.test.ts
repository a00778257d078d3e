import { ManualClock } from '@go-go-scope/persistence-conformance'
import { expect, test } from 'vitest'
import { DisconnectedError } from '../../packages/shared/src/errors/disconnected-error.js'
import type { SubmittedCall } from '../../packages/shared/src/queue/call.js'
import { QueueWithReaders } from '../../packages/shared/src/queue/queue-with-readers.js'
import type { Statement } from '../../packages/shared/src/queue/statement.js'
import { queueOfFile } from './queue-of-file.js'

const LIMIT = 1_000_000
// Joined calls are one item of the queue, and make one error when the engine ends.
const JOINED = 1_000
const write: Statement<'none'> = {
  name: 'cache.set',
  kind: 'write',
  rows: 'none',
  clocked: 'none',
  sql: 'INSERT INTO entries VALUES (1)',
}
const scan: Statement<'many'> = {
  name: 'cache.keys',
  kind: 'read',
  rows: 'many',
  clocked: 'none',
  sql: 'SELECT * FROM entries',
  scans: true,
}

function submitted(statement: Statement, reject: (error: unknown) => void): SubmittedCall {
  const { name } = statement
  return {
    type: 'call',
    name,
    statement,
    parameters: [],
    decode: () => undefined,
    resolve: () => undefined,
    reject,
    deadline: 0,
  }
}

test('a read of many rows is refused like any other call when a million writes wait, and does not miss them', async () => {
  const clock = new ManualClock()
  const table = 'CREATE TABLE entries (k INTEGER)'
  const seen: string[] = []
  const engineEnds = () => {
    throw new DisconnectedError('connect', 'unknown', 'connect: the thread has ended')
  }
  const reader = queueOfFile(clock, table, (sql) => seen.push(sql))
  const queue = new QueueWithReaders(queueOfFile(clock, table, engineEnds), [reader], 'SELECT 1')
  let failed = 0
  const waiting = { ...submitted(write, () => failed++), count: JOINED, apart: () => [] }
  for (let calls = 0; calls < LIMIT; calls += JOINED) queue.submit(waiting)
  const refused = new Promise((_, reject) => queue.submit(submitted(scan, reject)))
  const full = { code: 'QUEUE_FULL', operation: 'cache.keys', retryable: true }
  const refusals = [
    expect(refused).rejects.toMatchObject(full),
    expect(queue.execute(scan, [], (rows) => rows)).rejects.toMatchObject(full),
  ]
  await Promise.all(refusals)
  expect(seen).toEqual([])
  await queue.drain()
  expect(failed).toBe(LIMIT / JOINED)
  expect(await queue.execute(scan, [], (rows) => rows)).toEqual([])
})
