import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { restore, SQLiteAdapter, verifyBackup } from '@go-go-scope/persistence-sqlite-node'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'open-backups-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a backup that this process has open is neither verified nor restored', async () => {
  const engine = { DatabaseSync: DatabaseSync as never }
  const adapter = await SQLiteAdapter.open(join(folder, 'app.db'), engine)
  const { path } = await adapter.backup(join(folder, 'copy.db'))
  await adapter.disconnect()
  const reader = await SQLiteAdapter.open(path, { ...engine, readOnly: true })
  const target = join(folder, 'restored.db')
  const inUse = { code: 'FILE_IN_USE', message: expect.stringContaining(path) }
  await expect(verifyBackup(path, engine)).rejects.toMatchObject({ ...inUse, operation: 'verifyBackup' })
  await expect(restore(path, target, engine)).rejects.toMatchObject({ ...inUse, operation: 'restore' })
  await reader.disconnect()
  await verifyBackup(path, engine)
  await restore(path, target, engine)
})
