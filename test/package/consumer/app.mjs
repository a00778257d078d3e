import { deepEqual } from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { restore, SQLiteAdapter, verifyBackup } from '@go-go-scope/persistence'
import { connectRemote, serve } from '@go-go-scope/persistence/remote'

// The same program on every runtime; nothing in it names an engine.
const folder = mkdtempSync(join(tmpdir(), 'app-'))
try {
  const adapter = await SQLiteAdapter.open(join(folder, 'app.db'), { locks: 'database' })
  const server = serve(adapter)
  const user = await connectRemote(server.createPort())
  await user.cache.set('city', { name: 'Łódź' })
  await user.disconnect()
  await server.close()
  const { engine } = await adapter.stats()
  const { path } = await adapter.backup(join(folder, 'backup.db'))
  await adapter.disconnect()
  await verifyBackup(path)
  await restore(path, join(folder, 'restored.db'))
  const restored = await SQLiteAdapter.open(join(folder, 'restored.db'))
  deepEqual(await restored.cache.get('city'), { name: 'Łódź' })
  await restored.disconnect()
  console.log(`opened by ${engine}, backed up and restored`)
} finally {
  rmSync(folder, { recursive: true })
}
