import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { SQLiteAdapter, verifyBackup } from '@go-go-scope/persistence-sqlite-node'

// An application bundled into one file, with a separate bundle of the thread.
const [folder = ''] = process.argv.slice(2)
const worker = (/** @type {object} */ options) => new Worker(new URL('./bundled-thread.js', import.meta.url), options)

const adapter = await SQLiteAdapter.open(join(folder, 'app.db'))
const { path } = await adapter.backup(join(folder, 'backup.db'), { worker })
await verifyBackup(path, { worker })
try {
  await adapter.backup(join(folder, 'other.db'))
} catch (error) {
  console.log(`without worker: ${/** @type {{ code?: unknown }} */ (error).code}`)
}
await adapter.disconnect()
console.log('bundled: backup done')
