import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { restore, SQLiteAdapter, Standby, verifyBackup } from '@go-go-scope/persistence-sqlite-node'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'

const options = { DatabaseSync: DatabaseSync as never }

test('a relative path of a copy is that of its call, whatever folder the app changes to meanwhile', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'relative-paths-'))
  const [here, elsewhere] = ['here', 'elsewhere'].map((name) => join(folder, name)) as [string, string]
  for (const made of [here, elsewhere]) mkdirSync(made)
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
    expect(readdirSync(here).sort()).toEqual(['backup.db', 'backup.db.json', 'restored.db', 'standby.db'])
    expect(readdirSync(elsewhere)).toEqual([])
    await adapter.disconnect()
  } finally {
    process.chdir(before)
    rmSync(folder, { recursive: true, force: true })
  }
})
