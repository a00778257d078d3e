import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { backUp } from '../../packages/shared/src/dialects/sqlite/copies/backup.js'
import type { BackupSource } from '../../packages/shared/src/dialects/sqlite/copies/backup-source.js'
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
