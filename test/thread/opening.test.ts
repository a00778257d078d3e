import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { ManualClock } from '@go-go-scope/persistence-conformance'
import type { StartWorker } from '@go-go-scope/persistence-core'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { runProcess } from '../../scripts/run-process.mjs'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { ThreadedFile } from '../proof/thread/threaded-file.js'
import { threadModule } from './threaded.js'

proveCell()

const folder = mkdtempSync(join(tmpdir(), 'thread-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('open with an engine in a thread', () => {
  test('accepts files only', async () => {
    await expect(engine.SQLiteAdapter.open(':memory:', { worker: true })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('option worker must be left out with :memory:'),
    })
  })

  test.each([
    [{ worker: 'yes' }, 'worker'],
    [{ worker: 1 }, 'worker'],
    [{ readers: 1 }, 'readers'],
    [{ worker: false, readers: 1 }, 'readers'],
    [{ worker: true, readers: -1 }, 'readers'],
    [{ worker: true, readers: 1.5 }, 'readers'],
    [{ worker: true, readers: 17 }, 'readers'],
  ])('refuses %j before a file is made', async (options, name) => {
    const path = join(folder, 'refused.db')
    await expect(engine.SQLiteAdapter.open(path, options as object)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(`option ${name}`),
    })
    expect(existsSync(path)).toBe(false)
  })

  test('needs no thread module of the app, and returns an adapter of the front end', async () => {
    const adapter = await engine.SQLiteAdapter.open(join(folder, 'plain.db'), { worker: true, readers: 1 })
    expect(Object.getPrototypeOf(adapter)).toBe(
      Object.getPrototypeOf(await engine.SQLiteAdapter.open(':memory:').then(closed)),
    )
    await adapter.set('k', 1)
    expect(await adapter.get('k')).toBe(1)
    expect(await adapter.keys()).toEqual(['k'])
    expect(await adapter.stats()).toMatchObject({ engine: engine.name, file: expect.stringContaining('plain.db') })
    await adapter.disconnect()
  })

  test('starts its thread, also that of a backup, with the function that the app passes', async () => {
    await using file = await ThreadedFile.open()
    await file.adapter.set('k', 1)
    const backup = await file.adapter.backup(`${file.path}.backup`)
    expect(await engine.verifyBackup(backup.path)).toMatchObject({ pages: backup.pages })
    expect(file.threads.all.map(({ job }) => job)).toEqual(['engine', 'backup'])
  }, 30_000)

  test('says why a thread cannot be started, and leaves no file', async () => {
    const path = join(folder, 'none.db')
    const worker = () => {
      throw new Error('bundled without it')
    }
    await expect(engine.SQLiteAdapter.open(path, { worker })).rejects.toMatchObject({
      code: 'ENGINE_MISSING',
      message: expect.stringContaining('bundled without it'),
    })
    expect(existsSync(path)).toBe(false)
  })

  test('names a returned object that is not a worker, and leaves no file and no unhandled rejection', async () => {
    const path = join(folder, 'none.db')
    for (const worker of [() => undefined, () => ({}), () => ({ on: () => undefined, postMessage: () => undefined })]) {
      await expect(engine.SQLiteAdapter.open(path, { worker: worker as never })).rejects.toMatchObject({
        code: 'ENGINE_MISSING',
        message: expect.stringContaining('give a Worker'),
      })
    }
    expect(existsSync(path)).toBe(false)
  })

  describe('whose thread module never starts', () => {
    // Like a file of the app that was named by mistake and waits for its own messages.
    const asleep = `const { parentPort } = require('node:worker_threads')
      parentPort.once('message', (file) => import(file))`
    const LIMIT = 30_000
    const NOT_BEGUN = {
      code: 'ENGINE_MISSING',
      message: expect.stringMatching(/has not begun within 30000 ms.*must import the export ".\/thread"/),
    }

    function started() {
      const workers: Worker[] = []
      const worker: StartWorker = (options) => {
        const made = new Worker(asleep, { ...options, eval: true })
        workers.push(made)
        return made
      }
      return { workers, worker }
    }

    test('times out, leaves no file, and does nothing when it starts later', async () => {
      const path = join(folder, 'asleep.db')
      const { workers, worker } = started()
      const clock = new ManualClock()
      const opening = engine.SQLiteAdapter.open(path, { worker, clock } as object)
      const refused = expect(opening).rejects.toMatchObject(NOT_BEGUN)
      await expect.poll(() => workers.length).toBe(1)
      clock.advance(LIMIT - 1)
      expect(await Promise.race([opening, new Promise((resolve) => setTimeout(resolve, 50, 'waits'))])).toBe('waits')
      clock.advance(1)
      await refused
      expect(existsSync(path)).toBe(false)
      const [late] = workers as [Worker]
      const said: unknown[] = []
      late.on('message', (message) => said.push(message))
      const ended = new Promise((resolve) => late.on('exit', resolve))
      late.ref()
      late.postMessage(threadModule.href)
      expect(await ended).toBe(0)
      expect(said).toEqual([])
      expect(existsSync(path)).toBe(false)
    }, 30_000)

    test('does not delay other threads', async () => {
      await using file = await ThreadedFile.open()
      const { path } = await file.adapter.backup(`${file.path}.backup`)
      const app = join(folder, 'impatient.mjs')
      writeFileSync(
        app,
        `import { setTimeout } from 'node:timers'
        import { Worker } from 'node:worker_threads'
        // The package takes this for the real timer.
        setTimeout.clock = { _setTimeout: (callback, ms) => setTimeout(callback, ms / 1_000) }
        const { verifyBackup } = await import(${JSON.stringify(new URL('index.js', threadModule).href)})
        const worker = (options) => new Worker(${JSON.stringify(asleep)}, { ...options, eval: true })
        const { code, message } = await verifyBackup(${JSON.stringify(path)}, { worker }).catch((error) => error)
        console.log(JSON.stringify({ code, message }))
        process.exit()`,
      )
      const { output } = await runProcess(process.execPath, [app])
      expect(JSON.parse(output)).toMatchObject(NOT_BEGUN)
    }, 30_000)
  })

  test('gives a thread its time to start although the app fakes its timers', async () => {
    const path = join(folder, 'faked.db')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
    let over = false
    const opening = engine.SQLiteAdapter.open(path, { worker: true }).finally(() => {
      over = true
    })
    // The rejection is checked below.
    opening.catch(() => undefined)
    try {
      for (; !over; await new Promise((resolve) => setImmediate(resolve))) vi.advanceTimersByTime(60_000)
    } finally {
      vi.useRealTimers()
    }
    const adapter = await opening
    await adapter.set('k', 1)
    await adapter.disconnect()
  }, 30_000)

  test('starts once in a thread that loads the module twice', async () => {
    const twice = `import(${JSON.stringify(threadModule.href)}).then(() => import(${JSON.stringify(`${threadModule.href}?again`)}))`
    const worker: StartWorker = (options) => new Worker(twice, { ...options, eval: true })
    const adapter = await engine.SQLiteAdapter.open(join(folder, 'twice.db'), { worker })
    for (let failures = 1; failures <= 3; failures++) {
      expect(await adapter.recordFailure('k', 10)).toBe(failures)
    }
    await adapter.disconnect()
  }, 30_000)

  test('stores values up to a raised maxValueSize, and none beyond it', async () => {
    // Above the default, which is the limit of the second adapter.
    const maxValueSize = 17 * 1024 ** 2
    const path = join(folder, 'large.db')
    const adapter = await engine.SQLiteAdapter.open(path, { worker: true, readers: 1, maxValueSize })
    const text = 'x'.repeat(maxValueSize - 2)
    await Promise.all(['a', 'b'].map((key) => adapter.cache.set(key, text)))
    for (const value of (await adapter.cache.getMany(['a', 'b'])).values()) expect(value === text).toBe(true)
    const beyond = await Promise.allSettled([adapter.cache.set('d', `${text}x`), adapter.cache.get('d')])
    expect(beyond).toMatchObject([{ reason: { code: 'VALUE_TOO_LARGE' } }, { value: null }])
    await adapter.disconnect()
    const usual = await engine.SQLiteAdapter.open(path, { worker: true })
    await expect(usual.cache.set('d', text)).rejects.toMatchObject({ code: 'VALUE_TOO_LARGE' })
    expect((await usual.cache.get('a')) === text).toBe(true)
    await usual.disconnect()
  }, 60_000)

  test('reports the engine’s error for a file that it cannot open', async () => {
    await expect(engine.SQLiteAdapter.open(folder, { worker: true })).rejects.toMatchObject({ code: 'CANNOT_OPEN' })
  })

  test('opens for reading only', async () => {
    await using file = await ThreadedFile.open()
    await file.adapter.set('k', 1)
    const reading = await engine.SQLiteAdapter.open(file.path, { worker: true, readers: 1, readOnly: true })
    expect(await reading.keys()).toEqual(['k'])
    await expect(reading.set('k', 2)).rejects.toMatchObject({ code: 'READ_ONLY' })
    await reading.disconnect()
  })

  test('refuses to record changesets', async () => {
    await using file = await ThreadedFile.open()
    await expect(engine.changesets(file.adapter as never, { tables: ['t'] })).rejects.toMatchObject({
      code: 'ENGINE_UNSUPPORTED',
      message: expect.stringContaining('in a thread (worker: true)'),
    })
  })
})

async function closed<Adapter extends { disconnect(): Promise<void> }>(adapter: Adapter): Promise<Adapter> {
  await adapter.disconnect()
  return adapter
}
