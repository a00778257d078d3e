import { readdirSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { TemporaryFile } from '../../packages/shared/src/dialects/sqlite/copies/temporary-file.js'
import { hasNoRoom } from '../../packages/shared/src/dialects/sqlite/file/has-no-room.js'
import { sqlOf } from '../../packages/shared/src/dialects/sqlite/standby/target.js'
import { typedError } from '../../packages/shared/src/dialects/sqlite/thread/typed-error.js'
import { PersistenceError } from '../../packages/shared/src/errors/persistence-error.js'
import { temporaryFolder } from '../harness/temporary-folder.js'

// As Node reports it, whose table of error names lacks this one.
const QUOTA = Object.assign(new Error('Unknown system error -122: Unknown system error -122, write'), {
  errno: -constants.errno.EDQUOT,
  code: 'Unknown system error -122',
  syscall: 'write',
})

test('an exhausted quota is DISK_FULL, as the operating system and as a runtime names it', () => {
  expect(typedError(QUOTA, 'backup').code).toBe('DISK_FULL')
  expect(typedError(Object.assign(new Error(), { code: 'EDQUOT', syscall: 'write' }), 'backup').code).toBe('DISK_FULL')
})

test('too many open files are no failing disk', () => {
  const code = 'EMFILE'
  const error = typedError(
    Object.assign(new Error(`${code}: too many open files`), { code, syscall: 'open' }),
    'backup',
  )
  expect(error).toMatchObject({ code: 'CANNOT_OPEN', message: expect.stringContaining('ulimit') })
})

test('a folder has space unless a test write fails, and the test file is removed', async () => {
  const folder = temporaryFolder('quota')
  const path = join(folder, 'app.db')
  const failing = (error: Error) => async (): Promise<never> => {
    throw error
  }
  expect(await hasNoRoom(path)).toBe(false)
  expect(await hasNoRoom(path, failing(QUOTA))).toBe(true)
  expect(await hasNoRoom(path, failing(Object.assign(new Error(), { code: 'ENOSPC' })))).toBe(true)
  expect(await hasNoRoom(path, failing(Object.assign(new Error(), { code: 'EIO' })))).toBe(false)
  expect(readdirSync(folder)).toEqual([])
})

test('the test file of a dead process is removed by the next backup into the folder', async () => {
  const path = join(temporaryFolder('quota-left'), 'app.db')
  let left = ''
  await hasNoRoom(path, async (probe) => {
    left = probe.replace(`-${process.pid}-`, '-99999999-')
    writeFileSync(left, '')
  })
  expect(readdirSync(dirname(path))).toEqual([basename(left)])
  await (await TemporaryFile.beside(path)).remove()
  expect(readdirSync(dirname(path))).toEqual([])
})

test.each([
  { path: '/a/standby.db', full: true, code: 'DISK_FULL' },
  { path: '/a/standby.db', full: false, code: 'IO_ERROR' },
  { path: ':memory:', full: true, code: 'IO_ERROR' },
] as const)('a failure of a follower on $path (no space: $full) is $code', async (given) => {
  const failed = new PersistenceError('IO_ERROR', 'standby', 'standby: disk I/O error')
  const queue = {
    query: async () => {
      throw failed
    },
  }
  const sql = sqlOf({ queue } as never, given.path, async (path) => path === given.path && given.full)
  await expect(sql.query('COMMIT')).rejects.toMatchObject({ code: given.code })
})
