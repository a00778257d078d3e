import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { restore, SQLiteAdapter, Standby, verifyBackup } from '@go-go-scope/persistence-sqlite-node'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'

const options = { DatabaseSync: DatabaseSync as never }

test('a relative path of a database or a copy is that of its call, whatever folder the app changes to meanwhile', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'relative-paths-'))
  const [here, elsewhere] = ['here', 'elsewhere'].map((name) => join(folder, name)) as [string, string]
  for (const place of [here, elsewhere]) mkdirSync(place)
  const before = process.cwd()
  async function leavingHere<Result>(call: () => Promise<Result>): Promise<Result> {
    process.chdir(here)
    const called = call()
    process.chdir(elsewhere)
    return called
  }
  const path = join(folder, 'app.db')
  await (await SQLiteAdapter.open(path, options)).disconnect()
  const handle = new DatabaseSync(path)
  try {
    // It connects by its first call.
    const adapter = new SQLiteAdapter(handle as never)
    await leavingHere(() => adapter.backup('backup.db'))
    await leavingHere(() => verifyBackup('backup.db', options))
    await leavingHere(() => restore('backup.db', 'restored.db', options))
    const standby = await leavingHere(() => Standby.follow(adapter, { target: 'standby.db', ...options }))
    await standby.stop()
    await (await leavingHere(() => SQLiteAdapter.open('opened.db', options))).disconnect()
    await (await leavingHere(() => SQLiteAdapter.open('threaded.db', { ...options, worker: true }))).disconnect()
    // This engine keeps a file open, and its log, until statements are collected.
    const made = readdirSync(here).filter((name) => !/-(wal|shm)$/.test(name))
    expect(made.sort()).toEqual([
      'backup.db',
      'backup.db.json',
      'opened.db',
      'restored.db',
      'standby.db',
      'threaded.db',
    ])
    expect(readdirSync(elsewhere)).toEqual([])
    await adapter.disconnect()
  } finally {
    process.chdir(before)
    rmSync(folder, { recursive: true, force: true })
  }
})
