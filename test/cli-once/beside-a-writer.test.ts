import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Handle, openHandle, SQLiteAdapter, scopedbHere } from '../cli/scopedb.js'

const LOOKS: readonly (readonly string[])[] = [
  ['summary'],
  ...['locks', 'circuits', 'claims', 'results', 'tasks', 'cache', 'prefixes'].map((list) => [list, '--jsonl']),
  ['task', 'import'],
  ['verify'],
  ['doctor'],
  ['export'],
]

let folder: string
let file: string
let adapter: InstanceType<typeof SQLiteAdapter>
let writer: Handle

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scopedb-beside-'))
  file = join(folder, 'app.db')
  adapter = await SQLiteAdapter.open(file, { locks: 'database' })
  // More than two pages.
  await adapter.cache.setMany(Array.from({ length: 300 }, (_, at): [string, number] => [`k${at}`, at]))
  await adapter.lock.acquire('nightly', 60_000)
  await adapter.circuitBreaker.recordFailure('payments', 1)
  await adapter.idempotency.set('charge', 1)
  await adapter.idempotency.claim('running', { lease: 60_000 })
  await adapter.checkpoint.save({ id: 'c', taskId: 'import', sequence: 1, timestamp: 1, progress: 50, data: 1 })
  writer = await openHandle(file)
  writer.exec('PRAGMA busy_timeout = 0')
})
afterAll(async () => {
  writer.close()
  await adapter.disconnect()
  rmSync(folder, { recursive: true, force: true })
})

describe.each(LOOKS)('scopedb %s', (...args) => {
  test('does not wait for a writer, and holds no lock that a writer needs', async () => {
    writer.exec('BEGIN IMMEDIATE')
    try {
      expect(await scopedbHere(file, ...args)).toMatchObject({ code: 0 })
    } finally {
      writer.exec('ROLLBACK')
    }
  })

  test('lets the WAL restart whenever it yields', async () => {
    let over = false
    const ended = scopedbHere(file, ...args).finally(() => {
      over = true
    })
    let turns = 0
    for (; !over; turns++) {
      writer.exec(`INSERT OR REPLACE INTO go_goscope_cache (key, value) VALUES ('cache:k', '${turns}')`)
      // A checkpoint that waits for no reader: if a reader held a snapshot, `busy` would be 1.
      expect(writer.prepare('PRAGMA wal_checkpoint(RESTART)').all()).toMatchObject([{ busy: 0 }])
      await nextTurn()
    }
    expect(turns).toBeGreaterThan(1)
    expect((await ended).code).toBe(0)
  })
})
