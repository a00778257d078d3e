import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { connectRemote, openRemote, SQLiteAdapter, serve } from '@go-go-scope/persistence-core/remote'
import { describe, expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { ThreadedFile } from '../proof/thread/threaded-file.js'
import type { WatchedThread } from '../proof/thread/watched-threads.js'

proveCell()

const checkpoint = (n: number) => ({
  id: `c${n}`,
  taskId: 'task',
  sequence: n,
  timestamp: n,
  progress: 0,
  data: n,
})

describe('connections that only read', () => {
  test('run the reads of many rows: keys, list, stats and inspect; the rest runs on the connection of the writes', async () => {
    await using file = await ThreadedFile.open({ readers: 1 })
    const { adapter, threads } = file
    await adapter.set('k', 1)
    await adapter.save(checkpoint(1))
    expect(threads.readers, 'started when they are needed').toHaveLength(0)
    expect(await adapter.keys()).toEqual(['k'])
    const reader = threads.readers[0] as WatchedThread
    for (const look of [
      () => adapter.keys(),
      () => adapter.list('task'),
      () => adapter.stats(),
      () => adapter.cache.stats(),
    ]) {
      const [before, engine] = [reader.told.length, threads.engine.told.length]
      await look()
      expect(reader.told.length).toBeGreaterThan(before)
      expect(threads.engine.told.length).toBe(engine)
    }
    const inspection = adapter.inspect()
    for (const list of ['locks', 'circuits', 'claims', 'results', 'tasks', 'entries', 'prefixes'] as const) {
      const before = reader.told.length
      for await (const _ of inspection[list]());
      expect(reader.told.length, list).toBeGreaterThan(before)
    }
    const before = reader.told.length
    await adapter.get('k')
    await adapter.getMany(['k'])
    await adapter.loadLatest('task')
    await adapter.prune()
    expect(reader.told.length).toBe(before)
  })

  test('do not delay the other calls', async () => {
    await using file = await ThreadedFile.open({ readers: 1 })
    const { adapter, threads } = file
    await adapter.set('k', 1)
    await adapter.keys()
    threads.readers[0]?.hold()
    const listed = adapter.keys()
    expect(await adapter.get('k')).toBe(1)
    await adapter.set('k', 2)
    threads.readers[0]?.release()
    expect(await listed).toEqual(['k'])
  })

  test('see every write that was called before them, also one that is not awaited', async () => {
    await using file = await ThreadedFile.open({ readers: 2 })
    const { adapter, threads } = file
    for (let n = 0; n < 100; n++) {
      const key = `k${String(n).padStart(3, '0')}`
      const written = adapter.set(key, n)
      expect((await adapter.keys()).at(-1)).toBe(key)
      await written
    }
    threads.engine.hold()
    const written = adapter.set('last', 1)
    const listed = adapter.keys('last')
    const counted = adapter.cache.stats()
    await new Promise(setImmediate)
    threads.engine.release()
    expect(await listed).toEqual(['last'])
    expect((await counted).size).toBe(101)
    await written
  })

  test('count each call that waits for them once', async () => {
    await using file = await ThreadedFile.open({ readers: 1 })
    const { adapter, threads } = file
    await adapter.set('k', 1)
    threads.engine.hold()
    const written = adapter.set('k', 2)
    await new Promise(setImmediate)
    const listed = [adapter.keys(), adapter.keys()]
    const stats = adapter.stats()
    threads.engine.release()
    expect((await stats).waiting).toBe(listed.length)
    expect(await Promise.all(listed)).toEqual([['k'], ['k']])
    await written
  })

  test('complete before one of several adapters on a remote database has disconnected', async () => {
    await using file = await ThreadedFile.open({ readers: 1 })
    const { adapter, threads } = file
    await adapter.set('k', 1)
    await adapter.keys()
    const server = serve(adapter)
    const database = await openRemote(server.createPort())
    const [leaver, other] = [new SQLiteAdapter(database), new SQLiteAdapter(database)]
    await Promise.all([leaver.connect(), other.connect()])
    const [reader] = threads.readers
    reader?.hold()
    const settled: string[] = []
    const leaves = [
      leaver.keys().then(() => settled.push('keys')),
      leaver.disconnect().then(() => settled.push('left')),
    ]
    // A later call of the writing connection is answered, and so would be the end of the leaver.
    await other.set('k', 2)
    expect(await other.get('k')).toBe(2)
    reader?.release()
    await Promise.all(leaves)
    expect(settled).toEqual(['keys', 'left'])
    await other.disconnect()
    await server.close()
  })

  test('go on after a call before them failed', async () => {
    await using file = await ThreadedFile.open({ readers: 1 })
    const { adapter, threads } = file
    await adapter.set('k', 1)
    threads.engine.hold()
    const lost = expect(adapter.set('l', 1)).rejects.toMatchObject({ code: 'DISCONNECTED' })
    const listed = adapter.keys()
    await new Promise(setImmediate)
    await threads.engine.end()
    await lost
    expect(await listed).toEqual(['k'])
  })

  test('share the work', async () => {
    await using file = await ThreadedFile.open({ readers: 2 })
    const { adapter, threads } = file
    await adapter.set('k', 1)
    await Promise.all([adapter.keys(), adapter.list('t'), adapter.keys('k*'), adapter.list('u')])
    expect(threads.readers).toHaveLength(2)
  })

  test('run the reads of clients of a served adapter too', async () => {
    await using file = await ThreadedFile.open({ readers: 1 })
    const { adapter, threads } = file
    const server = serve(adapter)
    const client = await connectRemote(server.createPort() as never)
    for (let n = 0; n < 20; n++) {
      const written = client.set(`k${n}`, n)
      expect(await client.keys()).toContain(`k${n}`)
      await written
    }
    const reader = threads.readers[0] as WatchedThread
    expect(reader.told.length).toBeGreaterThanOrEqual(20)
    await client.disconnect()
    await server.close()
  })

  test('complete before disconnect ends all threads', async () => {
    await using file = await ThreadedFile.open({ readers: 1 })
    const { adapter, threads } = file
    const ended = (thread: WatchedThread) => new Promise((resolve) => thread.worker.on('exit', resolve))
    await adapter.set('k', 1)
    await adapter.keys()
    const exits = Promise.all(threads.all.map(ended))
    const out = [adapter.set('l', 1), adapter.keys(), adapter.get('k'), adapter.stats()]
    await adapter.disconnect()
    expect((await Promise.allSettled(out)).map(({ status }) => status)).toEqual(out.map(() => 'fulfilled'))
    expect(await exits).toEqual([0, 0])
    expect(readdirSync(dirname(file.path)), 'the last connection has moved the WAL into the file').toEqual(['app.db'])
    await expect(adapter.keys()).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
