import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { migrate } from '../../packages/shared/src/dialects/sqlite/schema/migrate.js'
import { followJob } from '../../packages/shared/src/dialects/sqlite/standby/follow-job.js'
import type { CallName } from '../../packages/shared/src/dialects/sqlite/standby/messages.js'
import { StandbyThread } from '../../packages/shared/src/dialects/sqlite/standby/standby-thread.js'
import { openOwn } from '../../packages/shared/src/dialects/sqlite/thread/own-connection.js'
import type { JobContext } from '../../packages/shared/src/dialects/sqlite/thread/run-job.js'
import { StopFlag } from '../../packages/shared/src/dialects/sqlite/thread/stop-flag.js'
import type { WorkerLike } from '../../packages/shared/src/dialects/sqlite/thread/worker.js'
import { errorForm } from '../../packages/shared/src/errors/error-form.js'
import { PersistenceError } from '../../packages/shared/src/errors/persistence-error.js'
import { temporaryFolder } from '../harness/temporary-folder.js'
import { databaseSyncDriver } from './database-sync-driver.js'

const FAILURE = new PersistenceError('IO_ERROR', 'standby', 'standby: the file system failed')

/** A thread of a standby that fails at each request. */
class FailingThread extends EventEmitter {
  postMessage(request: { readonly id: number } | undefined): void {
    if (request === undefined) this.emit('exit', 0)
    else this.emit('message', { event: { id: request.id, error: errorForm(FAILURE) } })
  }

  ref(): void {}
  unref(): void {}
}

test.each([
  ['reach', 'standby.waitFor'],
  ['verify', 'standby.verify'],
  ['takeOver', 'standby.takeOver'],
] as const)('an error of a standby at the request %s names the call of the app', async (call, operation) => {
  const input = { source: '/source.db', target: ':memory:', every: 1, busyTimeout: 0 }
  const thread = new StandbyThread(() => new FailingThread() as WorkerLike, 'none', input)
  const request = () => thread.request<CallName>(call, {} as never)
  await expect(request()).rejects.toMatchObject({
    code: 'IO_ERROR',
    operation,
    message: `${operation}: the file system failed`,
  })
  await thread.stop().catch(() => undefined)
  await expect(request()).rejects.toMatchObject({ code: 'CLOSED', operation })
})

/** Follows with an engine for which a statement fails, before the standby has begun or afterwards. */
async function follow(failing: RegExp, whenBegun: boolean): Promise<void> {
  const folder = temporaryFolder('named-failures')
  const source = join(folder, 'app.db')
  const stop = new StopFlag()
  let [begun, made] = [false, false]
  const engine = {
    name: 'an engine of the tests',
    library: 'tests',
    open: async (path: string) => new DatabaseSync(path),
    driver: (handle: object) =>
      databaseSyncDriver(handle as InstanceType<typeof DatabaseSync>, (sql) => {
        if (!made || begun !== whenBegun || !failing.test(sql)) return undefined
        throw Object.assign(new Error('disk I/O error'), { errcode: 266 })
      }),
  }
  const own = await openOwn(source, engine, { readOnly: false, busyTimeout: 0 })
  await own.queue.query('test', 'PRAGMA journal_mode = WAL')
  await migrate(own.queue, true)
  await own.close()
  made = true
  const tell = (event: object): void => {
    if (!('begun' in event)) return
    begun = true
    stop.request()
  }
  const input = { source, target: join(folder, 'standby.db'), every: 1, busyTimeout: 0 }
  const context = { engine, stop, tell, listen: () => undefined } as unknown as JobContext
  await followJob(input as never, context)
}

test.each([
  ['standby.follow', /BEGIN EXCLUSIVE/, false],
  ['standby.follow', /^BEGIN IMMEDIATE/, false],
  ['standby.stop', /^BEGIN IMMEDIATE/, true],
] as const)('an error of %s at %s names that call', async (operation, failing, whenBegun) => {
  await expect(follow(failing, whenBegun)).rejects.toMatchObject({
    code: 'IO_ERROR',
    operation,
    message: expect.stringMatching(new RegExp(`^${operation}: the file system failed`)),
  })
})
