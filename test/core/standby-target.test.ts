import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Target } from '../../packages/shared/src/dialects/sqlite/standby/target.js'
import { databaseSyncDriver } from './database-sync-driver.js'

type Database = InstanceType<typeof DatabaseSync>

let folder: string
let path: string
/** The number of closed connections of a target. */
let closed: number
beforeEach(() => {
  closed = 0
  folder = mkdtempSync(join(tmpdir(), 'standby-target-'))
  mkdirSync(join(folder, 'in'))
  path = join(folder, 'in', 'standby.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** @param before called before each statement */
function openTarget(
  open: (path: string) => Database = (file) => new DatabaseSync(file),
  before: (sql: string) => void = () => undefined,
): Promise<Target> {
  const driver = (database: object) => {
    const made = databaseSyncDriver(database as Database, (sql) => {
      before(sql)
      return undefined
    })
    const close = (): void => {
      closed++
      made.close()
    }
    return { ...made, close }
  }
  return Target.open(path, { name: 'an engine of the tests', library: 'tests', open, driver }, 0)
}

function writeTable(): void {
  const another = new DatabaseSync(path)
  another.exec('CREATE TABLE theirs (x)')
  another.close()
}

describe('a target whose following fails', () => {
  test('is removed with its WAL if following created it', async () => {
    const target = await openTarget()
    await target.sql.query('CREATE TABLE copied (x)')
    expect(readdirSync(join(folder, 'in'))).toEqual(['standby.db', 'standby.db-wal'])
    await target.discard()
    expect(readdirSync(join(folder, 'in'))).toEqual([])
  })

  test('is left if it existed before', async () => {
    writeFileSync(path, '')
    await (await openTarget()).discard()
    expect(readdirSync(join(folder, 'in'))).toContain('standby.db')
  })

  test('is left if another connection wrote to it before it was exclusive', async () => {
    const target = await openTarget((file) => {
      writeTable()
      return new DatabaseSync(file)
    })
    await target.discard()
    expect(readFileSync(path, 'latin1')).toContain('CREATE TABLE theirs')
  })

  test('is left if another file has its name by now', async () => {
    const target = await openTarget()
    renameSync(path, `${path}.moved`)
    writeFileSync(path, 'theirs')
    writeFileSync(`${path}-wal`, 'theirs')
    await target.discard()
    expect([path, `${path}-wal`].map((name) => readFileSync(name, 'utf8'))).toEqual(['theirs', 'theirs'])
  })

  test('is closed if its name can no longer be examined', async () => {
    const target = await openTarget()
    renameSync(join(folder, 'in'), join(folder, 'out'))
    writeFileSync(join(folder, 'in'), '')
    await target.discard()
    expect(closed).toBe(1)
    rmSync(join(folder, 'in'))
    expect(readdirSync(join(folder, 'out'))).toContain('standby.db')
  })

  test('is removed if it cannot be made a standby, and left if another connection uses it', async () => {
    let refused = false
    const refuseOnce = (sql: string): void => {
      if (refused || sql !== 'PRAGMA main.synchronous = FULL') return
      refused = true
      throw new Error('not today')
    }
    await expect(openTarget(undefined, refuseOnce)).rejects.toThrow('not today')
    expect(readdirSync(join(folder, 'in'))).toEqual([])
    const users: Database[] = []
    const used = openTarget((file) => {
      const user = new DatabaseSync(file)
      user.exec('BEGIN IMMEDIATE')
      users.push(user)
      return new DatabaseSync(file)
    })
    await expect(used).rejects.toMatchObject({ code: 'FILE_IN_USE' })
    users[0]?.exec('CREATE TABLE theirs (x); COMMIT')
    users[0]?.close()
    expect(readdirSync(join(folder, 'in'))).toEqual(['standby.db'])
  })
})
