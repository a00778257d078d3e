import { rm } from 'node:fs/promises'
import { loadEngine } from './engine.mjs'
import { processLock } from './process-lock.mjs'

/**
 * @param {'sqlite3' | 'node' | 'bun'} frontEnd
 * @param {string} file
 * @returns {Promise<import('./place.mjs').Place>}
 */
export async function sqlitePlace(frontEnd, file) {
  const { open, SQLiteAdapter } = await loadEngine(frontEnd)
  return {
    name: file,
    open: () => open(file),
    // An engine names neither the file that it cannot open nor the remedy. The adapter's own `open` names both.
    explain: async () => (await SQLiteAdapter.open(file)).disconnect(),
    lock: processLock(open, file),
    async remove() {
      // All three: a log left behind would be replayed into the new database.
      for (const suffix of ['', '-wal', '-shm']) await rm(file + suffix, { force: true })
    },
  }
}
