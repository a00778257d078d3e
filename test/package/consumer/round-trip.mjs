import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// What an application does: import by name, open, use three ports, close, and back up a file in the package's thread. Run by
// test/package in the empty project with one or more pairs of a front end and an engine.
const names = process.argv.slice(2)
for (let at = 0; at < names.length; at += 2) {
  await roundTrip(names[at] ?? '', names[at + 1] ?? '')
  console.log(`${names[at]} over ${names[at + 1]}: round trip done`)
}

/**
 * @param {string} frontEndName
 * @param {string} engine
 */
async function roundTrip(frontEndName, engine) {
  const { restore, SQLiteAdapter, verifyBackup } = await import(frontEndName)

  const options = engine === '@photostructure/sqlite' ? { DatabaseSync: (await import(engine)).DatabaseSync } : {}
  const adapter = await SQLiteAdapter.open(':memory:', { keyPrefix: 'app:', ...options })

  await adapter.cache.set('city', { name: 'Łódź', seen: new Date(0) })
  assert.deepEqual(await adapter.cache.get('city'), { name: 'Łódź', seen: new Date(0) })

  const lock = await adapter.lock.acquire('import', 1000)
  assert.equal(await adapter.lock.acquire('import', 1000), null)
  await lock.release()
  assert.notEqual(await adapter.lock.acquire('import', 1000), null)

  const checkpoint = { id: 'a', taskId: 'import', sequence: 1, timestamp: 1, progress: 12.5, data: { row: 7 } }
  await adapter.checkpoint.save(checkpoint)
  assert.deepEqual((await adapter.checkpoint.loadLatest('import')).data, { row: 7 })

  await adapter.disconnect()

  const engineOptions = engine === '@photostructure/sqlite' ? options : undefined
  const folder = mkdtempSync(join(tmpdir(), 'round-trip-'))
  try {
    const file = await SQLiteAdapter.open(join(folder, 'app.db'), engineOptions)
    await file.cache.set('city', 'Łódź')
    const { path } = await file.backup(join(folder, 'backup.db'))
    await file.disconnect()
    await verifyBackup(path, engineOptions)
    await restore(path, join(folder, 'restored.db'), engineOptions)
    const restored = await SQLiteAdapter.open(join(folder, 'restored.db'), engineOptions)
    assert.equal(await restored.cache.get('city'), 'Łódź')
    await restored.disconnect()
  } finally {
    rmSync(folder, { recursive: true })
  }
}
