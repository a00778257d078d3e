import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { SQLiteAdapter, Standby } from '@go-go-scope/persistence-sqlite-node'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'

const THREAD = new URL(import.meta.resolve('@go-go-scope/persistence-sqlite-node/thread'))

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
    /** Forwards the messages of the thread; its last answer is that it has taken over. */
    const worker = (given: object) => {
      const thread = new Worker(THREAD, given)
      return {
        on: (event: string, listener: (told: never) => void) =>
          thread.on(event, (told: { event?: { answer?: unknown } }) => {
            if (event === 'message' && typeof told.event?.answer === 'string') answered()
            listener(told as never)
          }),
        postMessage: (message: unknown) => thread.postMessage(message),
        ref: () => thread.ref(),
        unref: () => thread.unref(),
      }
    }
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
