import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Pace } from '../../packages/shared/src/dialects/sqlite/copies/pace.js'
import { withThread } from '../../packages/shared/src/dialects/sqlite/copies/with-thread.js'
import { backupInSteps } from '../../packages/shared/src/dialects/sqlite/engine/backup-in-steps.js'
import type { JobContext } from '../../packages/shared/src/dialects/sqlite/thread/run-job.js'
import { StopFlag } from '../../packages/shared/src/dialects/sqlite/thread/stop-flag.js'
import type { WorkerLike } from '../../packages/shared/src/dialects/sqlite/thread/worker.js'

const PAGES = 100
const CONTENT = { pages: PAGES, bytes: PAGES * 4_096, pageBytes: 4_096, objects: 1, schema: '' }

describe('a copy that is to stop', () => {
  /** A copy of a page a step, which is asked to stop while a step is made. @returns how many steps were made. */
  async function stepsWithStopIn(step: number, maxBytesPerSecond?: number): Promise<number> {
    const stop = new StopFlag()
    const order = { source: 'app.db', target: 'copy', rate: 1, maxBytesPerSecond, maxWalBytes: undefined }
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
    const order = { source: 'app.db', target: 'copy', rate: 1, maxBytesPerSecond: 1, maxWalBytes: undefined }
    const pace = new Pace(order, CONTENT, { stop, tell: () => undefined } as unknown as JobContext)
    stop.request()
    // Otherwise this test would take 25 days.
    pace.wait(2 ** 31)
  })
})

describe('a call whose signal aborts', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  /** A thread that an engine holds: it takes nothing and answers nothing until it ends. */
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

    end(): void {
      for (const listener of this.#listeners.get('exit') ?? []) listener(0 as never)
    }
  }

  test('settles after 50 ms with its reason though its thread is held, and tidies up now and when that has ended', async () => {
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
})
