import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { hashFile } from '../../packages/shared/src/dialects/sqlite/copies/hash-file.js'
import { Pace } from '../../packages/shared/src/dialects/sqlite/copies/pace.js'
import { withThread } from '../../packages/shared/src/dialects/sqlite/copies/with-thread.js'
import { backupInSteps } from '../../packages/shared/src/dialects/sqlite/engine/backup-in-steps.js'
import type { JobContext } from '../../packages/shared/src/dialects/sqlite/thread/run-job.js'
import { StopFlag } from '../../packages/shared/src/dialects/sqlite/thread/stop-flag.js'
import type { WorkerLike } from '../../packages/shared/src/dialects/sqlite/thread/worker.js'
import { SqliteAdapter } from '../../packages/shared/src/index.js'
import { databaseSyncDriver } from './database-sync-driver.js'

const PAGES = 100
const CONTENT = { pages: PAGES, bytes: PAGES * 4_096, pageBytes: 4_096, schema: '' }

/** A thread that is stuck in the engine: it receives and answers nothing until it ends. */
class HeldWorker implements WorkerLike {
  readonly #listeners = new Map<string, ((value: never) => void)[]>()
  asked: unknown[] = []

  postMessage(message: unknown): void {
    this.asked.push(message)
  }

  on(event: string, listener: (value: never) => void): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener])
  }

  ref(): void {}

  unref(): void {}

  emit(event: string, value: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(value as never)
  }

  end(): void {
    this.emit('exit', 0)
  }
}

describe('a copy that was asked to stop', () => {
  /** Copies one page per step and is asked to stop during a step. @returns the number of steps made. */
  async function stepsWithStopIn(step: number, maxBytesPerSecond?: number): Promise<number> {
    const stop = new StopFlag()
    const order = {
      source: 'app.db',
      target: 'copy',
      rate: 1,
      maxBytesPerSecond,
      maxWalBytes: undefined,
      largeBytes: 0,
    }
    const pace = new Pace(order, CONTENT, { stop, tell: () => undefined } as unknown as JobContext)
    pace.begin()
    let made = 0
    const engine = async (_source: unknown, _target: string, { progress }: { progress: (at: object) => void }) => {
      while (made < PAGES) {
        made++
        if (made === step) stop.request()
        progress({ totalPages: PAGES, remainingPages: PAGES - made })
      }
    }
    await expect(backupInSteps(engine as never, {}, 'copy', pace)).rejects.toMatchObject({ code: 'CLOSED' })
    return made
  }

  test('makes no step after the one in which it was asked to', async () => {
    for (let step = 1; step <= PAGES; step++) expect(await stepsWithStopIn(step)).toBe(step)
  })

  test('does not wait for the time of the next step', () => {
    const stop = new StopFlag()
    const order = {
      source: 'app.db',
      target: 'copy',
      rate: 1,
      maxBytesPerSecond: 1,
      maxWalBytes: undefined,
      largeBytes: 0,
    }
    const pace = new Pace(order, CONTENT, { stop, tell: () => undefined } as unknown as JobContext)
    stop.request()
    // Otherwise this test would take 25 days.
    pace.wait(2 ** 31)
  })

  test('is not hashed any further', () => {
    const stop = new StopFlag()
    const path = fileURLToPath(import.meta.url)
    expect(hashFile(path, stop).bytes).toBeGreaterThan(0)
    stop.request()
    expect(() => hashFile(path, stop)).toThrow(expect.objectContaining({ code: 'CLOSED' }))
  })
})

describe('a call whose signal aborts', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('settles after 50 ms with its reason while its thread is blocked, and cleans up now and when that has ended', async () => {
    const worker = new HeldWorker()
    const controller = new AbortController()
    const events: string[] = []
    const tidy = async () => void events.push('tidied')
    const order = { engine: 'an engine', job: 'backup', input: {}, signal: controller.signal, tidy }
    const call = withThread(() => worker, order).catch((error: Error) => events.push(error.message))
    await vi.advanceTimersByTimeAsync(1_000)
    controller.abort(new Error('enough'))
    await vi.advanceTimersByTimeAsync(49)
    expect(events).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    await call
    expect(events).toEqual(['tidied', 'enough'])
    expect(worker.asked).toHaveLength(1)
    worker.end()
    await vi.advanceTimersByTimeAsync(0)
    expect(events).toEqual(['tidied', 'enough', 'tidied'])
  })

  test('gets the result of a job that had begun what cannot be undone', async () => {
    const worker = new HeldWorker()
    const controller = new AbortController()
    let flag: StopFlag | undefined
    const start = ({ workerData }: { workerData: unknown }) => {
      flag = new StopFlag((workerData as { goGoScope: { memory: SharedArrayBuffer } }).goGoScope.memory)
      return worker
    }
    const order = { engine: 'an engine', job: 'restore', input: {}, signal: controller.signal }
    const call = withThread(start, order)
    flag?.commit()
    controller.abort(new Error('enough'))
    await vi.advanceTimersByTimeAsync(1_000)
    worker.emit('message', { result: 'replaced', stays: false })
    worker.end()
    expect(await call).toBe('replaced')
  })

  test('ends the thread that was being started meanwhile', async () => {
    const worker = new HeldWorker()
    const controller = new AbortController()
    const start = () => {
      controller.abort(new Error('enough'))
      return worker
    }
    const order = {
      engine: 'an engine',
      job: 'backup',
      input: {},
      signal: controller.signal,
      tidy: async () => undefined,
    }
    const call = expect(withThread(start, order)).rejects.toThrow('enough')
    expect(worker.asked).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(50)
    await call
  })
})

describe('a large backup', () => {
  /** A thread that ends as soon as it is asked to. */
  class WillingWorker extends HeldWorker {
    override postMessage(message: unknown): void {
      super.postMessage(message)
      queueMicrotask(() => this.end())
    }
  }

  test.each(['verifyCopy', 'hashCopy'])(
    'whose thread for %s dies ends the other thread, and rejects with the cause',
    async (dying) => {
      const folder = mkdtempSync(join(tmpdir(), 'large-backup-'))
      const threads = new Map<string, WillingWorker>()
      const worker = ({ workerData }: { workerData: unknown }) => {
        const { job } = (workerData as { goGoScope: { job: string } }).goGoScope
        const thread = new WillingWorker()
        threads.set(job, thread)
        if (job !== 'hashCopy') setImmediate(() => thread.emit('message', { event: { hash: 'the copy' } }))
        return thread
      }
      const handle = new DatabaseSync(':memory:')
      const adapter = new SqliteAdapter(handle, () => databaseSyncDriver(handle, () => undefined))
      const made = adapter.backup(join(folder, 'copy.db'), { worker } as object)
      await expect.poll(() => threads.size, { interval: 1 }).toBe(2)
      threads.get(dying)?.emit('error', new Error('no memory is left'))
      threads.get(dying)?.end()
      await expect(made).rejects.toMatchObject({
        code: 'ENGINE_MISSING',
        operation: 'backup',
        message: expect.stringMatching(/^backup: the thread .*no memory is left/),
      })
      for (const [job, { asked }] of threads) expect(asked, job).toHaveLength(job === dying ? 0 : 1)
      expect(readdirSync(folder)).toEqual([])
      await adapter.disconnect()
      rmSync(folder, { recursive: true })
    },
  )
})

describe('a backup whose signal aborts', () => {
  let folder: string
  let thread: HeldWorker
  let controller: AbortController
  let adapter: SqliteAdapter
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aborted-backup-'))
    thread = new HeldWorker()
    controller = new AbortController()
    const handle = new DatabaseSync(':memory:')
    adapter = new SqliteAdapter(handle, () => databaseSyncDriver(handle, () => undefined))
  })
  afterEach(async () => {
    await adapter.disconnect()
    rmSync(folder, { recursive: true })
  })

  /** @returns the call, once it has a thread, and the path that the thread was given. */
  async function begin(progress?: () => void): Promise<{ made: Promise<unknown>; copy: string }> {
    const start = vi.fn((_: object) => thread)
    const made = adapter.backup(join(folder, 'copy.db'), { worker: start, signal: controller.signal, progress })
    await expect.poll(() => start.mock.calls.length, { interval: 1 }).toBe(1)
    const [[options]] = start.mock.calls as never as [[{ workerData: { goGoScope: { input: { path: string } } } }]]
    return { made, copy: options.workerData.goGoScope.input.path }
  }

  test('while its thread ends does not get its name', async () => {
    const { made } = await begin()
    thread.emit('message', { result: {}, stays: false })
    await new Promise(setImmediate)
    controller.abort(new Error('enough'))
    thread.end()
    await expect(made).rejects.toThrow('enough')
    expect(readdirSync(folder)).toEqual([])
  })

  test('while its thread is blocked reports no progress any more, and leaves nothing when that has ended', async () => {
    const progress = vi.fn()
    const { made, copy } = await begin(progress)
    controller.abort(new Error('enough'))
    thread.emit('message', { event: { totalPages: 1, remainingPages: 0 } })
    await expect(made).rejects.toThrow('enough')
    expect(progress).not.toHaveBeenCalled()
    // As the engine does that blocks it.
    writeFileSync(copy, 'late')
    thread.end()
    await expect.poll(() => readdirSync(folder), { interval: 1 }).toEqual([])
  })
})
