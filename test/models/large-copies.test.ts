import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'

proveCell()

const THREAD = new URL(import.meta.resolve('@go-go-scope/persistence-sqlite-node/thread'))
const BROKEN_THREAD = new URL('../proof/copies/broken-thread.mjs', import.meta.url)
const LARGE_BYTES = 128 * 1024 * 1024

interface StartedThread {
  workerData: { goGoScope: { job: string } }
}

describe('a large copy', () => {
  const folder = mkdtempSync(join(tmpdir(), 'large-copies-'))
  const source = join(folder, 'app.db')
  const target = join(folder, 'copy.db')
  const others = () => readdirSync(folder).filter((name) => !name.startsWith('app.db'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  beforeAll(() => {
    const database = new DatabaseSync(source)
    // Few pages, because each costs system calls.
    database.exec('PRAGMA page_size = 65536; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF')
    database.exec(`CREATE TABLE large (value); INSERT INTO large VALUES (zeroblob(${LARGE_BYTES}))`)
    database.close()
  })

  /** Backs up `path`. @returns the jobs of its threads, in the order of their starts and of their ends, and its own outcome */
  function backUp(path: string, options: { signal?: AbortSignal; onJob?: (job: string) => void; bug?: string } = {}) {
    const { signal, onJob, bug } = options
    const jobs: string[] = []
    const over: string[] = []
    const worker = (given: object) => {
      const { job } = (given as StartedThread).workerData.goGoScope
      jobs.push(job)
      onJob?.(job)
      // Without dd on the PATH, the engine copies.
      const env = { ...process.env, ...(bug && { BUG: bug, PATH: folder }) }
      const thread = new Worker(bug === undefined ? THREAD : BROKEN_THREAD, { ...given, env })
      return thread.once('exit', () => over.push(job))
    }
    const made = (async () => {
      await using adapter = await engine.SQLiteAdapter.open(path)
      return await adapter.backup(target, { worker, ...(signal && { signal }) } as object)
    })()
    return { jobs, over, made }
  }

  test('is hashed in a thread of its own while it is made, and a small one is not', async () => {
    const { jobs, made } = backUp(source)
    const { bytes, sha256 } = await made
    expect(jobs).toEqual(['backup', 'hashCopy'])
    const copy = readFileSync(target)
    expect(bytes).toBe(copy.length)
    expect(sha256).toBe(createHash('sha256').update(copy).digest('hex'))
    for (const name of others()) rmSync(join(folder, name))

    const small = backUp(join(folder, 'app.db-small'))
    await small.made
    expect(small.jobs).toEqual(['backup'])
    for (const name of others()) rmSync(join(folder, name))
  }, 60_000)

  test('that is aborted while it is hashed leaves nothing', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    // The thread has started but not got far.
    const abort = (job: string) => job === 'hashCopy' && setImmediate(() => controller.abort(reason))
    const { jobs, over, made } = backUp(source, { signal: controller.signal, onJob: abort })
    await expect(made).rejects.toBe(reason)
    // On a loaded machine a thread may end after the call has given up waiting for it.
    await vi.waitFor(() => expect(over.toSorted()).toEqual(jobs), { timeout: 30_000 })
    await vi.waitFor(() => expect(others()).toEqual([]), { timeout: 30_000 })
  }, 60_000)

  test('that proves to be cut short while it is hashed leaves neither a file nor a thread', async () => {
    const { jobs, over, made } = backUp(source, { bug: 'a copy is cut short' })
    await expect(made).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' })
    expect(jobs).toEqual(['backup', 'hashCopy'])
    await vi.waitFor(() => expect(over.toSorted()).toEqual(jobs), { timeout: 30_000 })
    expect(others()).toEqual([])
  }, 60_000)
})
