import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineFrontEnd, type OpenOptions, type Row, type SqliteAdapter } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'engine-support-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Opens `path` on an engine that answers as `answer` says, or as usual if it returns `undefined`. */
function open(path: string, answer: (sql: string) => Row[] | undefined): Promise<SqliteAdapter> {
  const { SQLiteAdapter } = defineFrontEnd<InstanceType<typeof DatabaseSync>, OpenOptions>({
    driver: (database) => databaseSyncDriver(database, answer),
    load: async () => ({ name: 'tests', library: 'tests', open: (file) => new DatabaseSync(file) }),
  })
  return SQLiteAdapter.open(path)
}

const version = (found: unknown) => (sql: string) =>
  sql.includes('sqlite_version()') ? [{ version: found } as Row] : undefined

function failing(part: string, message: string): (sql: string) => undefined {
  return (sql) => {
    if (sql.includes(part)) throw Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR', errcode: 1 })
  }
}

describe('an engine that lacks what the statements need', () => {
  test.each([
    ['3.36.0', version('3.36.0')],
    ['3.37.2', version('3.37.2')],
    ['2.99.0', version('2.99.0')],
    ['no version', version('no version')],
    ['undefined', (sql: string) => (sql.includes('sqlite_version()') ? [] : undefined)],
    ['JSON', failing('json_each', 'no such table: json_each')],
    ['JSON', failing('->>', 'near ">": syntax error')],
    ['date', failing('unixepoch', 'no such function: unixepoch')],
    ['JSON', (sql: string) => (sql.includes('json_each') ? [{ text: '["works"]' }] : undefined)],
  ])('%s: is refused by name, and nothing is written', async (found, answer) => {
    const path = join(folder, 'app.db')
    const before = new DatabaseSync(path)
    before.exec('CREATE TABLE mine (id INTEGER)')
    before.close()
    const bytes = readFileSync(path)
    await expect(open(path, answer)).rejects.toMatchObject({
      _tag: 'PersistenceError',
      code: 'ENGINE_UNSUPPORTED',
      message: expect.stringMatching(new RegExp(`${found}.*3\\.38 or later`)),
    })
    expect(readFileSync(path).equals(bytes)).toBe(true)
  })

  test.each(['3.38.0', '3.38', '3.100.0', '4.0.0'])('%s is accepted', async (found) => {
    const adapter = await open(join(folder, 'app.db'), version(found))
    await adapter.cache.set('k', 1)
    expect((await adapter.stats()).sqliteVersion).toBe(found)
    await adapter.disconnect()
  })

  test.each([
    ['an unreadable file', 26, 'file is not a database', 'NOT_A_DATABASE'],
    ['an engine without memory', 7, 'out of memory', 'SQL'],
  ])('%s is not reported as an unsupported engine', async (_, errcode, message, code) => {
    const answer = (sql: string): undefined => {
      if (sql.includes('json_each')) throw Object.assign(new Error(message), { errcode })
    }
    await expect(open(join(folder, 'app.db'), answer)).rejects.toMatchObject({ code })
  })
})

test('an engine that does not keep a created table is not retried forever', async () => {
  const path = join(folder, 'app.db')
  await (await open(path, () => undefined)).disconnect()
  const app = new DatabaseSync(path)
  app.exec('DROP TABLE go_goscope_cache')
  app.close()
  const forgetful = (sql: string) => (/^CREATE .*go_goscope_cache/.test(sql) ? [] : undefined)
  await expect(open(path, forgetful)).rejects.toMatchObject({
    code: 'SQL',
    message: expect.stringContaining('did not keep go_goscope_cache'),
  })
})

describe('a front end without a thread', () => {
  const frontEnd = defineFrontEnd<InstanceType<typeof DatabaseSync>, OpenOptions>({
    driver: (database) => databaseSyncDriver(database, () => undefined),
    load: async () => ({ name: 'tests', library: 'tests', open: (file) => new DatabaseSync(file) }),
  })

  test('follows in a thread that its caller passes', async () => {
    const worker = () => {
      throw new Error('this worker was started')
    }
    const following = frontEnd.Standby.follow(join(folder, 'app.db'), { target: ':memory:', worker })
    await expect(following).rejects.toThrow('this worker was started')
  })

  test('says to pass a thread if none is passed', async () => {
    const following = frontEnd.Standby.follow(join(folder, 'app.db'), { target: ':memory:' })
    await expect(following).rejects.toMatchObject({
      code: 'ENGINE_UNSUPPORTED',
      message: expect.stringContaining('pass worker'),
    })
  })
})
