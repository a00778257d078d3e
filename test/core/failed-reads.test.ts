import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { restore, Standby, verifyBackup } from '@go-go-scope/persistence-sqlite-node'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { copyJob } from '../../packages/shared/src/dialects/sqlite/copies/copy-job.js'
import { replaceFile } from '../../packages/shared/src/dialects/sqlite/copies/replace-file.js'
import { fileIdentity } from '../../packages/shared/src/dialects/sqlite/file/file-identity.js'
import type { JobContext } from '../../packages/shared/src/dialects/sqlite/thread/run-job.js'
import { StopFlag } from '../../packages/shared/src/dialects/sqlite/thread/stop-flag.js'
import { databaseSyncDriver } from './database-sync-driver.js'

let folder: string
let source: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'failed-reads-'))
  source = join(folder, 'app.db')
  const database = new DatabaseSync(source)
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a)')
  database.close()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Opened by {@link onFailingDisk}. */
let opened: InstanceType<typeof DatabaseSync>[]

/** An engine for which a statement fails as SQLite does when a page cannot be read: it ends the transaction itself. */
function onFailingDisk(failing: RegExp): JobContext {
  opened = []
  const engine = {
    name: 'an engine of the tests',
    library: 'tests',
    async open(path: string) {
      const database = new DatabaseSync(path)
      opened.push(database)
      return database
    },
    driver: (database: InstanceType<typeof DatabaseSync>) =>
      databaseSyncDriver(database, (sql) => {
        if (!failing.test(sql)) return undefined
        if (database.isTransaction) database.exec('ROLLBACK')
        throw Object.assign(new Error('disk I/O error'), { errcode: 266 })
      }),
  }
  return { engine, stop: new StopFlag(), tell: () => undefined, listen: () => undefined } as unknown as JobContext
}

test('a source that cannot be read is an error of the disk, and not of the transaction that it has ended', async () => {
  const target = join(folder, 'copy')
  writeFileSync(target, '')
  const limits = { maxBytesPerSecond: undefined, maxWalBytes: undefined, largeBytes: Number.POSITIVE_INFINITY }
  const order = { source, identity: await fileIdentity(source), immutable: false, target, rate: 1, ...limits }
  const copied = copyJob(order, onFailingDisk(/^SELECT type, name/))
  await expect(copied).rejects.toMatchObject({ code: 'IO_ERROR', message: expect.stringContaining('disk I/O error') })
  expect(opened.map(({ isOpen }) => isOpen)).toEqual([false])
})

test('a file to replace that cannot be read is an error of the disk, is closed, and keeps its place', async () => {
  const temporary = join(folder, 'temporary')
  writeFileSync(temporary, 'new')
  const replaced = replaceFile({ temporary, target: source, now: 0 }, onFailingDisk(/^SELECT 1/), (old) =>
    (old as NonNullable<typeof old>).queue.query('restore', 'SELECT 1'),
  )
  await expect(replaced).rejects.toMatchObject({ code: 'IO_ERROR' })
  expect(opened.map(({ isOpen }) => isOpen)).toEqual([false])
  expect(readdirSync(folder).sort()).toEqual(['app.db', 'temporary'])
})

test('a file that a call cannot open is an error of that call alone', async () => {
  const text = join(folder, 'text')
  writeFileSync(text, 'no database'.repeat(1000))
  const restored = restore(text, join(folder, 'new.db'), { allowUnverified: true })
  await expect(restored).rejects.toMatchObject({
    code: 'NOT_A_DATABASE',
    operation: 'restore',
    message: expect.stringMatching(/^restore: the file/),
  })
})

test.each([
  ['restore', (file: string, options?: object) => restore(source, file, { allowUnverified: true, ...options })],
  ['restore', (file: string, options?: object) => restore(file, source, { allowUnverified: true, ...options })],
  ['verifyBackup', (_: string, options = { DatabaseSync: Map }) => verifyBackup(source, options as never)],
  ['standby.follow', (target: string, options?: object) => Standby.follow(source, { target, ...options })],
] as const)(
  'a path that %s cannot follow, or an engine that it cannot use, is an error of that call',
  async (operation, call) => {
    const message = expect.stringMatching(`^${operation}: `)
    await expect(call(join(source, 'x'))).rejects.toMatchObject({ operation, message })
    const engine = call(join(folder, 'new.db'), { DatabaseSync: Map })
    await expect(engine).rejects.toMatchObject({ code: 'INVALID_OPTION', operation, message })
  },
)
