import { symlinkSync, writeFileSync } from 'node:fs'
import { join, posix, win32 } from 'node:path'
import { expect, test } from 'vitest'
import type { backUp } from '../../packages/shared/src/dialects/sqlite/copies/backup.js'
import type { BackupSource } from '../../packages/shared/src/dialects/sqlite/copies/backup-source.js'
import { manifestText } from '../../packages/shared/src/dialects/sqlite/copies/manifest.js'
import { leadsTo, scheduledBackups } from '../../packages/shared/src/dialects/sqlite/copies/rotation.js'
import { scheduledBackUp } from '../../packages/shared/src/dialects/sqlite/copies/scheduled-back-up.js'
import { PersistenceError } from '../../packages/shared/src/errors/persistence-error.js'
import { temporaryFolder } from '../harness/temporary-folder.js'

const SOURCE = { session: { clock: { now: () => 0 } } } as BackupSource

test('a schedule tries another name for each that is taken meanwhile, and gives up if all are taken', async () => {
  const directory = temporaryFolder('scheduled-names')
  for (const free of [1, 2, 20, Number.POSITIVE_INFINITY]) {
    const names: string[] = []
    // As on a file system that reports an existing name but does not list it.
    const make = async (_: unknown, path: string): Promise<never> => {
      names.push(path)
      if (names.length === free) throw new PersistenceError('CLOSED', 'backup', 'its name is free')
      throw new PersistenceError('FILE_EXISTS', 'backup', 'something has that name')
    }
    const made = scheduledBackUp(SOURCE, join(directory, '../app.db'), directory, {}, make as unknown as typeof backUp)
    await expect(made).rejects.toMatchObject({ code: free <= 20 ? 'CLOSED' : 'FILE_EXISTS' })
    expect(new Set(names).size).toBe(Math.min(free, 20))
    expect(names).toHaveLength(Math.min(free, 20))
  }
})

// Otherwise a schedule finds no backup of its own: it makes one after the other and deletes none.
test('a backup belongs to its database whatever the case of a path is on Windows', () => {
  const folder = 'C:\\app\\backups'
  // A terminal may start a process in a folder of the drive `c:`, and a backup has the folder with its links resolved.
  const path = win32.relative(folder, 'c:\\app\\app.db')
  expect(path).toBe('..\\app.db')
  expect(leadsTo(folder, path, 'c:\\app\\app.db', win32)).toBe(true)
  expect(leadsTo(folder, path, 'c:\\app\\other.db', win32)).toBe(false)
  expect(leadsTo('/app/backups', '../app.db', '/app/app.db', posix)).toBe(true)
  expect(leadsTo('/app/backups', '../app.db', '/app/App.db', posix)).toBe(false)
})

test('a backup is found when a file system has written its name in another Unicode normalization', async () => {
  const directory = temporaryFolder('scheduled-names')
  const [name, scheduledFor] = ['donn\u00e9es-19700101T000000.000Z.db', '../donn\u00e9es.db']
  const facts = { bytes: 5, pages: 1, sha256: '0'.repeat(64), sqliteVersion: '3.53.0', schemaVersion: 1, startedAt: 0 }
  writeFileSync(join(directory, name.normalize('NFD')), 'whole')
  writeFileSync(
    join(directory, `${name.normalize('NFD')}.json`),
    manifestText({ ...facts, milliseconds: 1, scheduledFor }),
  )
  for (const form of ['NFC', 'NFD']) {
    const found = await scheduledBackups(directory, join(directory, scheduledFor).normalize(form)).next()
    expect(found.value).toMatchObject({ startedAt: 0 })
  }
})

test('only a backup whose name may be of the schedule is reported when its manifest cannot be read', async () => {
  const directory = temporaryFolder('scheduled-names')
  const database = join(directory, '../donn\u00e9es.db')
  const ours = 'donn\u00e9es-19700101T000000.000Z.db'.normalize('NFD')
  for (const name of [ours, ours.replace('-', '-test-'), ours.replace(/-.*/, '-monday.db')]) {
    writeFileSync(join(directory, name), '')
    // Leads to itself.
    symlinkSync(`${name}.json`, join(directory, `${name}.json`))
  }
  const messages: string[] = []
  const found = scheduledBackups(directory, database, undefined, ({ message }) => messages.push(message))
  expect(await found.next()).toEqual({ done: true, value: undefined })
  expect(messages).toEqual([expect.stringContaining(`${ours} is neither counted nor deleted`)])
})

// A schedule looks for the latest backup every minute or more often, and a folder may have thousands of them.
test('only the manifests of backups that are asked for are read', async () => {
  const directory = temporaryFolder('scheduled-names')
  const facts = {
    bytes: 5,
    pages: 1,
    sha256: '0'.repeat(64),
    sqliteVersion: '3.53.0',
    schemaVersion: 1,
    milliseconds: 1,
  }
  const write = (startedAt: number, name = new Date(startedAt).toISOString().replaceAll(/[-:]/g, '')): void => {
    const path = join(directory, `app-${name}.db`)
    writeFileSync(path, 'whole')
    writeFileSync(`${path}.json`, manifestText({ ...facts, startedAt, scheduledFor: '../app.db' }))
  }
  const unreadable = (name: string): void => {
    writeFileSync(join(directory, `app-${name}.db`), '')
    symlinkSync(`app-${name}.db.json`, join(directory, `app-${name}.db.json`))
  }
  unreadable('19700101T000000.001Z')
  write(2)
  write(3)
  // Not the name that its manifest says.
  write(3, '19700101T000000.004Z')
  unreadable('19700101T000000.005Z')
  // No time.
  write(3, '19701399T000000.003Z')
  const year10000 = 253_402_300_800_000
  write(year10000)
  const messages: string[] = []
  const look = async (until: number | undefined, count: number): Promise<number[]> => {
    messages.length = 0
    const found: number[] = []
    const all = scheduledBackups(directory, join(directory, '../app.db'), until, ({ message }) =>
      messages.push(message),
    )
    for (let next = await all.next(); next.done !== true; next = await all.next()) {
      found.push(next.value.startedAt)
      if (found.length === count) break
    }
    return found
  }
  expect(await look(undefined, 1)).toEqual([year10000])
  expect(messages).toEqual([])
  expect(await look(4, 2)).toEqual([3, 2])
  expect(messages).toEqual([])
  expect(await look(undefined, 9)).toEqual([year10000, 3, 2])
  expect(messages).toEqual([expect.stringContaining('.005Z'), expect.stringContaining('.001Z')])
})
