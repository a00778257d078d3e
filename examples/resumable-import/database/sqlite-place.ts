import { rm } from 'node:fs/promises'
import { loadEngine } from './engine.ts'
import type { Place } from './place.ts'
import { processLock } from './process-lock.ts'

export async function sqlitePlace(frontEnd: 'sqlite3' | 'node' | 'bun', file: string): Promise<Place> {
  const { open, SQLiteAdapter } = await loadEngine(frontEnd)
  return {
    name: file,
    open: () => open(file),
    // An engine's error names neither the file nor the fix. The error of the adapter's `open` names both.
    explain: async () => (await SQLiteAdapter.open(file)).disconnect(),
    lock: processLock(open, file),
    async remove() {
      // All three files, because a leftover WAL would be replayed into the new database.
      for (const suffix of ['', '-wal', '-shm']) await rm(file + suffix, { force: true })
    },
  }
}
