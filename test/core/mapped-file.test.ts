import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineFrontEnd } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'

type Database = InstanceType<typeof DatabaseSync>

let folder: string
let databases: Database[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mapped-file-'))
  databases = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const hasNoMaps = (sql: string) => (sql.startsWith('PRAGMA mmap_size') ? [] : undefined)

/** Opens with an engine that maps 1 MiB by default. */
function open(options: { mmapSize?: number; walSize?: number }, before: typeof hasNoMaps = () => undefined) {
  const adapters = defineFrontEnd({
    driver: (database: Database) => databaseSyncDriver(database, before),
    load: async () => ({
      name: 'an engine of the tests',
      library: 'tests',
      open: (path: string) => {
        const database = new DatabaseSync(path)
        database.exec('PRAGMA mmap_size = 1048576')
        databases.push(database)
        return database
      },
    }),
  })
  return adapters.SQLiteAdapter.open(join(folder, 'app.db'), options)
}

const mapped = () => databases.map((database) => database.prepare('PRAGMA mmap_size').get()?.mmap_size)

describe('open and the memory map of the file', () => {
  test('maps nothing by default, whatever the engine does', async () => {
    await using _adapter = await open({})
    expect(mapped()).toEqual([0])
  })

  test('maps what mmapSize says', async () => {
    await using _adapter = await open({ mmapSize: 65_536 })
    expect(mapped()).toEqual([65_536])
  })

  test('accepts an engine without mmap, unless mmapSize asks for it', async () => {
    await using adapter = await open({}, hasNoMaps)
    await adapter.cache.set('k', 1)
    expect(await adapter.cache.get('k')).toBe(1)
    await expect(open({ mmapSize: 65_536 }, hasNoMaps)).rejects.toMatchObject({ code: 'ENGINE_UNSUPPORTED' })
  })
})

test('the WAL keeps at most 64 MiB after a burst, or walSize if that is more', async () => {
  const MiB = 1024 ** 2
  for (const options of [{}, { walSize: MiB }, { walSize: 128 * MiB }]) await (await open(options)).cache.set('k', 1)
  const limits = databases.map((database) => database.prepare('PRAGMA journal_size_limit').get()?.journal_size_limit)
  expect(limits).toEqual([64 * MiB, 64 * MiB, 128 * MiB])
  for (const database of databases) database.close()
})
