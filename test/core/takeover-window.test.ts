import { EventEmitter } from 'node:events'
import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { SQLiteAdapter, Standby } from '@go-go-scope/persistence-sqlite-node'
import { DatabaseSync } from '@photostructure/sqlite'
import { describe, expect, test } from 'vitest'
import { follow } from '../../packages/shared/src/dialects/sqlite/standby/follow.js'
import { resolveFollowOptions } from '../../packages/shared/src/dialects/sqlite/standby/follow-options.js'
import type { StandbyHost } from '../../packages/shared/src/dialects/sqlite/standby/standby.js'
import type { WorkerLike } from '../../packages/shared/src/dialects/sqlite/thread/worker.js'
import { PersistenceError } from '../../packages/shared/src/errors/persistence-error.js'

const THREAD = new URL(import.meta.resolve('@go-go-scope/persistence-sqlite-node/thread'))

/** Returns a function that starts the thread of a standby, and calls `taken` when the thread answers that it has taken over. */
const forwarding = (taken: () => void) => (given: object) => {
  const thread = new Worker(THREAD, given)
  return {
    on: (event: string, listener: (told: never) => void) =>
      thread.on(event, (told: { event?: { answer?: unknown } }) => {
        if (event === 'message' && typeof told.event?.answer === 'string') taken()
        listener(told as never)
      }),
    postMessage: (message: unknown) => thread.postMessage(message),
    ref: () => thread.ref(),
    unref: () => thread.unref(),
  }
}

test('a takeover whose file is renamed after the thread closed it never opens another database, and says where the file is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'takeover-window-'))
  const [source, target, moved] = ['app.db', 'standby.db', 'moved.db'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const options = { DatabaseSync: DatabaseSync as never }
  try {
    const app = await SQLiteAdapter.open(source, options)
    await app.cache.set('k', 1)
    let answered: () => void = () => undefined
    const worker = forwarding(() => answered())
    const standby = await Standby.follow(app, { target, worker })
    await standby.waitFor()
    await app.disconnect()
    answered = () => renameSync(target, moved)
    await expect(standby.takeOver({ force: true })).rejects.toMatchObject({
      code: 'FILE_REPLACED',
      operation: 'standby.takeOver',
      message: expect.stringContaining(target),
    })
    await standby.stop()
    expect(await readdir(folder)).not.toContain('standby.db')
    const found = await SQLiteAdapter.open(moved, options)
    expect(await found.cache.get('k')).toBe(1)
    await found.disconnect()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

/** A thread that takes over at the first request for it, and no second time. */
class TakingThread extends EventEmitter {
  stopped = false
  #taken = false

  postMessage(request: { readonly id: number; readonly call: string } | undefined): void {
    if (request === undefined) this.#stop()
    else if (request.call === 'takeOver' && !this.#taken) this.#take(request.id)
    else this.emit('message', { event: { id: request.id, error: { name: 'Error', message: 'it has taken over' } } })
  }

  ref(): void {}
  unref(): void {}

  #take(id: number): void {
    this.#taken = true
    this.emit('message', { event: { id, answer: 'device:inode' } })
  }

  #stop(): void {
    this.stopped = true
    this.emit('message', { result: undefined, stays: false })
    this.emit('exit', 0)
  }
}

describe.each(['/standby.db', ':memory:'])('a takeover whose database %s cannot be opened for a moment', (target) => {
  const begin = async () => {
    const thread = new TakingThread()
    const state = { isHeld: true }
    const open = async (): Promise<string> => {
      if (!state.isHeld) return 'the adapter'
      throw new PersistenceError('BUSY', 'connect', 'connect: another connection held the database')
    }
    const host: StandbyHost<string> = { adapter: open, open }
    const start = () => {
      setImmediate(() => thread.emit('message', { event: { begun: true } }))
      return thread as WorkerLike
    }
    const options = resolveFollowOptions({ target })
    const standby = await follow({ path: '/source.db', engine: 'none' }, options, {}, start, host)
    return { thread, standby, state }
  }

  test('says that it is made, and another call opens it', async () => {
    const { thread, standby, state } = await begin()
    await expect(standby.takeOver()).rejects.toMatchObject({
      code: 'BUSY',
      operation: 'standby.takeOver',
      retryable: true,
      message: expect.stringMatching(/is a database of its own now.*call takeOver\(\) again.*held the database/),
    })
    state.isHeld = false
    expect(await standby.takeOver()).toBe('the adapter')
    await expect(standby.takeOver()).rejects.toThrow('it has taken over')
    await standby.stop()
    // The thread belongs to the adapter of a database in memory.
    expect(thread.stopped).toBe(target !== ':memory:')
  })

  test('ends its thread if it is stopped instead', async () => {
    const { thread, standby } = await begin()
    await expect(standby.takeOver()).rejects.toMatchObject({ code: 'BUSY' })
    await standby.stop()
    expect(thread.stopped).toBe(true)
  })
})
