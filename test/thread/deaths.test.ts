import { renameSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { cell, engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { proofCount } from '../proof/proof-count.js'
import { ThreadedFile } from '../proof/thread/threaded-file.js'

proveCell()

/** Returns the settings of the thread's connection that a statement can read. */
async function settingsOf({ adapter }: ThreadedFile) {
  const lock = await adapter.acquire('asking', 60_000)
  const sql = 'SELECT timeout, synchronous, cache_size FROM pragma_busy_timeout, pragma_synchronous, pragma_cache_size'
  const [rows] = await adapter.fenced(lock as never, [{ sql }])
  await lock?.release()
  return rows
}

// Terminating a thread while the native code of this engine runs in it ends the process; see docs/guarantees.md.
const atRest = cell.engine === '@photostructure/sqlite'

describe('a thread that dies', () => {
  test('fails every call in flight once, with its possible outcome', async () => {
    await using file = await ThreadedFile.open()
    const { adapter, threads } = file
    await adapter.set('before', 1)
    threads.engine.hold()
    const reads = [adapter.get('before'), adapter.keys(), adapter.has('before')]
    const sent = Promise.allSettled(reads)
    // One read was sent; the others wait for its answer.
    await new Promise(setImmediate)
    const writes = Promise.allSettled([adapter.set('k', 1), adapter.idempotency.set('r', 1)])
    await new Promise(setImmediate)
    await threads.engine.end()
    for (const one of [...(await sent), ...(await writes)]) {
      expect(one).toMatchObject({
        status: 'rejected',
        reason: { code: 'DISCONNECTED', outcome: 'none', retryable: true },
      })
    }
    const [{ reason }] = (await writes) as unknown as [PromiseRejectedResult]
    expect(reason.operation).toBe('cache.set')
    expect(reason.message).toContain('the next call starts it anew')
  })

  test('leaves the outcome of a sent write unknown', async () => {
    await using file = await ThreadedFile.open()
    const { adapter, threads } = file
    await adapter.set('before', 1)
    threads.engine.hold()
    const written = Promise.allSettled([adapter.set('k1', 1), adapter.idempotency.set('r', 1)])
    await new Promise(setImmediate)
    await threads.engine.end()
    for (const one of await written) {
      expect(one).toMatchObject({ reason: { code: 'DISCONNECTED', outcome: 'unknown', retryable: false } })
    }
  })

  test('is restarted for the next call, with its settings, and locks in memory stay', async () => {
    await using file = await ThreadedFile.open({
      locks: 'database',
      cacheSize: 4 << 20,
      mmapSize: 1 << 20,
      walSize: 1 << 20,
    })
    const { adapter, threads } = file
    const memory = await engine.SQLiteAdapter.open(file.path, { worker: true })
    const held = await memory.acquire('job', 60_000)
    const lock = await adapter.acquire('kept', 60_000)
    await adapter.set('k', 1)
    const before = await settingsOf(file)
    await threads.engine.end()
    expect(await adapter.get('k')).toBe(1)
    expect(threads.all.filter(({ job }) => job === 'engine')).toHaveLength(2)
    expect(await settingsOf(file)).toEqual(before)
    expect(before).toEqual([{ timeout: 3, synchronous: 1, cache_size: -4096 }])
    expect(threads.engine.input.settings).toContain('PRAGMA mmap_size = 1048576')
    expect(threads.engine.input.settings).toContain('PRAGMA wal_autocheckpoint = 254')
    expect(threads.engine.input.settings).toContain('PRAGMA trusted_schema = 0')
    expect(threads.engine.input.settings).toContain('PRAGMA foreign_keys = 1')
    expect(threads.engine.input.settings).toContain('PRAGMA fullfsync = 1')
    expect(await lock?.isValid()).toBe(true)
    expect(held?.signal.aborted).toBe(false)
    await memory.disconnect()
  })

  test('keeps its locks in memory', async () => {
    await using file = await ThreadedFile.open()
    const lock = await file.adapter.acquire('job', 60_000)
    await file.threads.engine.end()
    expect(lock?.signal.aborted).toBe(false)
    expect(await file.adapter.acquire('job', 60_000)).toBe(null)
    expect(await lock?.release()).toBe(true)
  })

  test('does not go on with another file of that name, and makes none', async () => {
    await using file = await ThreadedFile.open()
    const { adapter, threads, path } = file
    await adapter.set('k', 1)
    await threads.engine.end()
    renameSync(path, `${path}.moved`)
    await expect(adapter.get('k')).rejects.toMatchObject({ code: 'FILE_REPLACED' })
    const other = await engine.SQLiteAdapter.open(path)
    await expect(adapter.set('k', 2)).rejects.toMatchObject({ code: 'FILE_REPLACED' })
    expect(await other.get('k')).toBe(null)
    await other.disconnect()
  })

  test('again and again loses no acknowledged write', async () => {
    const times = proofCount({ inTests: 5, inSoak: 200 })
    // At rest, all calls are made before the thread ends.
    const calls = atRest ? proofCount({ inTests: 4, inSoak: 20 }) : 20
    await using file = await ThreadedFile.open()
    const { adapter, threads } = file
    const acknowledged: string[] = []
    for (let time = 0; time < times; time++) {
      const made = Array.from({ length: 50 }, async (_, n) => {
        for (let at = 0; at < calls; at++) {
          const key = `${time}-${n}-${at}`
          await adapter.idempotency.set(key, at)
          acknowledged.push(key)
        }
      })
      const settled = Promise.allSettled(made)
      await adapter.set('a', time)
      if (atRest) await settled
      await threads.engine.end()
      for (const one of await settled) {
        if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'DISCONNECTED' })
      }
    }
    expect(acknowledged.length).toBeGreaterThan(0)
    const entries = await Promise.all(acknowledged.map((key) => adapter.idempotency.get(key)))
    expect(acknowledged.filter((_, at) => entries[at] === null)).toEqual([])
  }, 600_000)

  test('while it reads for `keys` fails that call alone', async () => {
    await using file = await ThreadedFile.open({ readers: 1 })
    const { adapter, threads } = file
    await adapter.set('k', 1)
    expect(await adapter.keys()).toEqual(['k'])
    const [reader] = threads.readers
    reader?.hold()
    const listed = adapter.keys()
    const failed = expect(listed).rejects.toMatchObject({ code: 'DISCONNECTED', outcome: 'none' })
    expect(await adapter.get('k')).toBe(1)
    await reader?.end()
    await failed
    expect(await adapter.keys()).toEqual(['k'])
    expect(threads.readers).toHaveLength(2)
  })
})
