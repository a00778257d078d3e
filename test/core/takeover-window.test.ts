import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { SQLiteAdapter, Standby } from '@go-go-scope/persistence-sqlite-node'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'

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

test('a takeover whose file cannot be opened for a moment says that it is made, and another call opens the file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'takeover-window-'))
  const [source, target] = [join(folder, 'app.db'), join(folder, 'standby.db')]
  const options = { DatabaseSync: DatabaseSync as never }
  let holder: InstanceType<typeof DatabaseSync> | undefined
  try {
    const app = await SQLiteAdapter.open(source, options)
    await app.cache.set('k', 1)
    const worker = forwarding(() => {
      holder = new DatabaseSync(target)
      holder.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    })
    const standby = await Standby.follow(app, { target, worker, busyTimeout: 0 })
    await app.disconnect()
    await expect(standby.takeOver({ force: true })).rejects.toMatchObject({
      code: 'BUSY',
      operation: 'standby.takeOver',
      retryable: true,
      message: expect.stringMatching(/is a database of its own now.*call takeOver\(\) again/),
    })
    holder?.close()
    const promoted = await standby.takeOver()
    expect(await promoted.cache.get('k')).toBe(1)
    await promoted.disconnect()
    await standby.stop()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
