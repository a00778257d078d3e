import { openRemote, SQLiteCacheAdapter, serve } from '@go-go-scope/persistence-core/remote'
import { describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { ThreadedFile } from '../proof/thread/threaded-file.js'

proveCell()

describe('an engine in a thread', () => {
  test('keeps locks in memory in the calling thread: they send it no message', async () => {
    await using file = await ThreadedFile.open()
    const { adapter, threads } = file
    threads.engine.hold()
    const lock = await adapter.acquire('job', 60_000)
    expect(await adapter.acquire('job', 60_000)).toBe(null)
    expect(await lock?.isValid()).toBe(true)
    expect(await lock?.extend(60_000)).toBe(true)
    expect(await lock?.release()).toBe(true)
    threads.engine.release()
  })

  test('gets a whole transaction at once: none stays open while the calling thread is busy', async () => {
    await using file = await ThreadedFile.open()
    const { adapter, threads } = file
    await adapter.connect()
    await adapter.get('warm')
    const before = threads.engine.told.length
    const written = Promise.all([
      ...Array.from({ length: 20 }, (_, n) => adapter.set(`k${n}`, n)),
      ...Array.from({ length: 20 }, (_, n) => adapter.idempotency.set(`r${n}`, n)),
      adapter.recordFailure('api', 5),
    ])
    await written
    expect(threads.engine.told.length - before).toBe(1)
    // Another connection may write at once.
    const other = await engine.SQLiteAdapter.open(file.path, { busyTimeout: 0 })
    await other.set('k', 1)
    await other.disconnect()
  })

  test('rolls back a transaction of which a part fails, and each call gets its own error', async () => {
    await using file = await ThreadedFile.open()
    const { adapter } = file
    const plain = await engine.openHandle(file.path)
    await engine.rows(
      plain,
      `CREATE TRIGGER refuse BEFORE INSERT ON go_goscope_cache WHEN NEW.key LIKE '%bad%'
       BEGIN SELECT raise(ABORT, 'refused by the app'); END`,
    )
    await engine.closeHandle(plain)
    const settled = await Promise.allSettled([
      adapter.set('k1', 1),
      adapter.set('bad', 1),
      adapter.idempotency.set('r1', 1),
      adapter.set('k2', 2),
    ])
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    expect((settled[1] as PromiseRejectedResult).reason).toMatchObject({
      operation: 'cache.set',
      message: expect.stringContaining('refused by the app'),
    })
    expect(await adapter.getMany(['k1', 'bad', 'k2'])).toEqual(
      new Map([
        ['k1', 1],
        ['k2', 2],
      ]),
    )
    // No transaction stays open, and further groups run.
    const other = await engine.SQLiteAdapter.open(file.path, { busyTimeout: 0 })
    await other.set('other', 1)
    await other.disconnect()
    await Promise.all([adapter.set('k3', 3), adapter.idempotency.set('r3', 3)])
  })

  test('answers many rows in pieces, each after the calling thread has taken the previous one', async () => {
    await using file = await ThreadedFile.open()
    const { adapter, threads } = file
    const keys = Array.from({ length: 4_500 }, (_, n) => `k${String(n).padStart(4, '0')}`)
    await adapter.setMany(keys.map((key) => [key, 0] as const))
    const before = threads.engine.told.length
    expect(await adapter.keys()).toEqual(keys)
    // The call, and a request for each piece but the last.
    expect(threads.engine.told.length - before).toBe(5)
  })

  test('waits for another writer like an engine in the calling thread, and reports for how long', async () => {
    const events: string[] = []
    await using file = await ThreadedFile.open({
      busyTimeout: 50,
      onDiagnostic: ({ type }: { type: string }) => events.push(type),
    })
    const other = await engine.openHandle(file.path)
    await engine.rows(other, 'BEGIN IMMEDIATE')
    await expect(file.adapter.set('k', 1)).rejects.toMatchObject({ code: 'BUSY', operation: 'cache.set' })
    await engine.rows(other, 'ROLLBACK')
    await engine.closeHandle(other)
    await file.adapter.set('k', 1)
    expect(events).toContain('busy-retry')
  })

  test('fails a call that cannot be sent, and runs the right statement for each later call', async () => {
    await using file = await ThreadedFile.open()
    const { adapter, threads } = file
    await adapter.set('k', 1)
    expect(await adapter.get('k')).toBe(1)
    expect(await adapter.has('k')).toBe(true)
    threads.engine.refuseNext()
    await expect(adapter.get('k')).rejects.toThrow('could not be cloned')
    // Other statements first, so that they would get the numbers of those that the thread has prepared.
    expect(await adapter.idempotency.get('r')).toBe(null)
    await adapter.delete('k')
    await Promise.all([adapter.set('k', 2), adapter.idempotency.set('r', 3)])
    expect(await Promise.all([adapter.get('k'), adapter.has('k'), adapter.has('none')])).toEqual([2, true, false])
    expect(await adapter.idempotency.get('r')).toMatchObject({ value: 3 })
  })

  test('has no handle for a cache on its own table, which needs a port', async () => {
    await using file = await ThreadedFile.open()
    const { adapter } = file
    const tableName = 'prices'
    expect(() => new engine.SQLiteCacheAdapter(adapter as never, { tableName })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    )
    await using server = serve(adapter)
    const prices = new SQLiteCacheAdapter(await openRemote(server.createPort()), { tableName })
    await prices.set('k', 1)
    expect(await prices.get('k')).toBe(1)
    expect(await adapter.get('k'), 'another table').toBe(null)
    await prices.disconnect()
    await adapter.set('k', 2)
    const plain = await engine.openHandle(file.path)
    expect(await engine.rows(plain, 'SELECT key FROM prices')).toEqual([{ key: 'cache:k' }])
    await engine.closeHandle(plain)
  })

  test('serves a standby', async () => {
    await using file = await ThreadedFile.open()
    await file.adapter.set('k', 1)
    const standby = await engine.Standby.follow(file.adapter as never, { target: `${file.path}.standby` })
    await file.adapter.set('k', 2)
    await standby.waitFor()
    expect(await standby.cache.get('k')).toBe(2)
    await standby.stop()
  }, 60_000)
})

test('a transaction that finds its lock lost leaves none open', async () => {
  await using file = await ThreadedFile.open({ locks: 'database' })
  const { adapter } = file
  const write = (text: string) => [
    { sql: 'CREATE TABLE IF NOT EXISTS notes (text)' },
    { sql: 'INSERT INTO notes VALUES (?)', parameters: [text] },
    { sql: 'SELECT text FROM notes' },
  ]
  const lost = await adapter.acquire('job', 60_000)
  await adapter.forceRelease('job')
  await expect(adapter.fenced(lost as never, write('late'))).rejects.toMatchObject({ code: 'LOCK_LOST' })
  const held = await adapter.acquire('job', 60_000)
  expect((await adapter.fenced(held as never, write('in time'))).at(-1)).toEqual([{ text: 'in time' }])
})
