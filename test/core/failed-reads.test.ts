import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OperationQueue } from '@go-go-scope/persistence-core/dialect'
import { restore, SQLiteAdapter, Standby, verifyBackup } from '@go-go-scope/persistence-sqlite-node'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { copyJob } from '../../packages/shared/src/dialects/sqlite/copies/copy-job.js'
import { replaceFile } from '../../packages/shared/src/dialects/sqlite/copies/replace-file.js'
import { fileIdentity } from '../../packages/shared/src/dialects/sqlite/file/file-identity.js'
import { createCacheTable } from '../../packages/shared/src/dialects/sqlite/schema/cache-table.js'
import { fileStats } from '../../packages/shared/src/dialects/sqlite/sqlite-stats.js'
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

test('a copy of a damaged database is refused with the way to check the database, and no path that is gone', async () => {
  // By the library of the adapter: another one may keep the file open.
  const { DatabaseSync: Database } = await import('node:sqlite')
  const database = new Database(source)
  database.exec('CREATE INDEX i ON t (a); INSERT INTO t VALUES (1)')
  const { page } = database.prepare("SELECT rootpage AS page FROM sqlite_master WHERE name = 't'").get() as {
    page: number
  }
  database.close()
  await using adapter = await SQLiteAdapter.open(source)
  const file = openSync(source, 'r+')
  // The number of cells of the table: its row is gone, and the index has one.
  writeSync(file, new Uint8Array(2), 0, 2, 4_096 * (page - 1) + 3)
  closeSync(file)
  await expect(adapter.backup(join(folder, 'copy.db'))).rejects.toMatchObject({
    code: 'BACKUP_DAMAGED',
    operation: 'backup',
    message: expect.stringMatching(/^backup: the copy was not kept.*\(scopedb FILE verify\): (?!.*partial)/),
  })
  expect(readdirSync(folder).filter((name) => !name.startsWith('app.db'))).toEqual([])
})

test('a WAL that cannot be looked at is an error of stats', async () => {
  // As one that may not be looked at, for any user.
  symlinkSync('loop-wal', join(folder, 'loop-wal'))
  const connection = { place: { version: '', location: join(folder, 'loop') } }
  const counted = fileStats(connection as never, { bytes: 1 })
  await expect(counted).rejects.toMatchObject({ code: 'CANNOT_OPEN', operation: 'stats' })
})

test('a cache table that another process drops while an adapter connects is made again', async () => {
  const database = new DatabaseSync(source)
  const columns = 'key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER, created_at INTEGER'
  database.exec(`CREATE TABLE prices (${columns})`)
  const read: string[] = []
  const driver = databaseSyncDriver(database, (sql) => {
    if (sql.includes('pragma_table_info') && read.push(sql) === 1) database.exec('DROP TABLE prices')
    return undefined
  })
  const queue: Pick<OperationQueue, 'query' | 'atomic'> = {
    query: async (_, sql, parameters = []) => driver.query(sql, parameters) as never,
    atomic: async (_, steps) => steps.map(({ sql }) => database.exec(sql)) as never,
  }
  await createCacheTable('prices', queue as OperationQueue, true)
  expect(database.prepare('SELECT count(*) AS entries FROM prices').get()).toEqual({ entries: 0 })
  database.close()
})
