import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { replaceFile } from '../../packages/shared/src/dialects/sqlite/copies/replace-file.js'
import type { JobContext } from '../../packages/shared/src/dialects/sqlite/thread/run-job.js'
import { StopFlag } from '../../packages/shared/src/dialects/sqlite/thread/stop-flag.js'
import { temporaryFolder } from '../harness/temporary-folder.js'
import { databaseSyncDriver } from './database-sync-driver.js'

type Database = InstanceType<typeof DatabaseSync>

let target: string
let temporary: string
beforeEach(() => {
  const folder = temporaryFolder('replaced-file')
  target = join(folder, 'app.db')
  temporary = join(folder, 'temporary')
  const database = new DatabaseSync(target)
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE mine (x)')
  database.close()
  writeFileSync(temporary, 'new')
})
const { platform: own } = process
const onPlatform = (platform: string): void => void Object.defineProperty(process, 'platform', { value: platform })
afterEach(() => onPlatform(own))

/** @param closed Called when a connection closes. @param before Called before each statement; may run it in its own way. */
function contextOf(
  closed: () => void = () => undefined,
  before: (sql: string, database: Database) => void = () => undefined,
): JobContext {
  const driver = (database: object) => {
    const made = databaseSyncDriver(database as Database, (sql) => void before(sql, database as Database))
    const close = (): void => {
      closed()
      made.close()
    }
    return { ...made, close }
  }
  const open = (path: string): Database => new DatabaseSync(path)
  const engine = { name: 'an engine of the tests', library: 'tests', open, driver }
  return { engine, stop: new StopFlag() } as unknown as JobContext
}

const isReplaced = (): boolean => readFileSync(target, 'utf8') === 'new'

describe('a file that is replaced', () => {
  test.each([
    ['win32', false],
    ['linux', true],
  ])('is held by its connection until then, on %s: %s', async (platform, expected) => {
    onPlatform(platform)
    const seen: boolean[] = []
    const { kept } = await replaceFile(
      { temporary, target, now: 0 },
      contextOf(() => seen.push(isReplaced())),
      async () => 0,
    )
    expect(seen).toEqual([expected])
    expect(isReplaced()).toBe(true)
    expect(readFileSync(kept ?? '', 'latin1')).toContain('CREATE TABLE mine')
  })

  test('is in use on Windows if that is why it cannot be replaced, and stays', async () => {
    const refuse = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }))
    for (const [platform, code, expected] of [
      ['win32', 'EPERM', 'FILE_IN_USE'],
      ['win32', 'EBUSY', 'FILE_IN_USE'],
      ['linux', 'EPERM', 'EPERM'],
    ] as const) {
      onPlatform(platform)
      const replaced = replaceFile({ temporary, target, now: 0 }, contextOf(), async () => 0, refuse(code))
      await expect(replaced).rejects.toMatchObject({ code: expected })
      expect(readdirSync(join(target, '..')).sort()).toEqual(['app.db', 'temporary'])
    }
  })

  // As with the SQLite of macOS.
  test('may have an empty WAL that its engine keeps, which does not stay beside the new file', async () => {
    const context = contextOf(undefined, (sql) => {
      if (sql === 'BEGIN EXCLUSIVE') writeFileSync(`${target}-wal`, '')
    })
    await replaceFile({ temporary, target, now: 0 }, context, async () => 0)
    expect(isReplaced()).toBe(true)
    expect(existsSync(`${target}-wal`)).toBe(false)
  })

  test('is replaced although its folder cannot be flushed then, and the error says so and where the old file is', async () => {
    const folder = dirname(target)
    const away = `${folder}-away`
    // A folder that is gone cannot be flushed either.
    const renameFile: typeof rename = async (from, to) => {
      await rename(from, to)
      renameSync(folder, away)
    }
    const replaced = replaceFile({ temporary, target, now: 0 }, contextOf(), async () => 0, renameFile)
    const error = await replaced.catch((error) => error)
    renameSync(away, folder)
    const [kept = ''] = readdirSync(folder).filter((name) => name.startsWith(`${basename(target)}.before-`))
    expect(error).toMatchObject({
      code: 'IO_ERROR',
      operation: 'restore',
      message: expect.stringContaining(
        `the backup is in its place and can be opened, and the file that was there is now ${join(folder, kept)};`,
      ),
    })
    expect(isReplaced()).toBe(true)
    expect(readFileSync(join(folder, kept), 'latin1')).toContain('CREATE TABLE mine')
  })

  test('can neither be read nor be written by others until then', async () => {
    const other = new DatabaseSync(target)
    try {
      await replaceFile({ temporary, target, now: 0 }, contextOf(), async () => {
        expect(() => other.prepare('SELECT * FROM mine').all()).toThrow('locked')
      })
    } finally {
      other.close()
    }
  })

  // As a network drive does when the answer is lost.
  test('is kept when it was replaced although the system reports a failure', async () => {
    const renameFile: typeof rename = async (from, to) => {
      await rename(from, to)
      throw new Error('no answer')
    }
    const replaced = replaceFile({ temporary, target, now: 0 }, contextOf(), async () => 0, renameFile)
    await expect(replaced).rejects.toThrow('no answer')
    expect(isReplaced()).toBe(true)
    const [kept = ''] = readdirSync(dirname(target)).filter((name) => name.includes('.before-'))
    expect(readFileSync(join(dirname(target), kept), 'latin1')).toContain('CREATE TABLE mine')
  })

  test('and is damaged takes its log with it, and leaves no index of that log to the new file', async () => {
    for (const [suffix, text] of [
      ['', 'damaged'],
      ['-wal', 'log'],
      ['-shm', 'index'],
    ])
      writeFileSync(target + suffix, text as string)
    const { kept } = await replaceFile({ temporary, target, now: 0 }, contextOf(), async () => 0)
    expect(readFileSync(`${kept}-wal`, 'utf8')).toBe('log')
    expect(readdirSync(dirname(target)).sort()).toEqual(
      ['app.db', basename(kept ?? ''), basename(`${kept}-wal`)].sort(),
    )
  })

  test('is replaced although the old file cannot be closed afterwards', async () => {
    const context = contextOf(() => {
      throw new Error('the disk failed')
    })
    const { kept } = await replaceFile({ temporary, target, now: 0 }, context, async () => 0)
    expect(isReplaced()).toBe(true)
    expect(existsSync(kept ?? '')).toBe(true)
  })

  test('is not replaced any more after the stop was requested, and the request comes too late afterwards', async () => {
    const context = contextOf()
    const stopped = replaceFile({ temporary, target, now: 0 }, context, async () => context.stop.request())
    await expect(stopped).rejects.toMatchObject({ code: 'CLOSED' })
    expect(readdirSync(dirname(target)).sort()).toEqual(['app.db', 'temporary'])
    expect(isReplaced()).toBe(false)
    const late = contextOf()
    let accepted = true
    await replaceFile(
      { temporary, target, now: 0 },
      late,
      async () => 0,
      async (from, to) => {
        accepted = late.stop.request()
        await rename(from, to)
      },
    )
    expect([accepted, isReplaced()]).toEqual([false, true])
  })
})
