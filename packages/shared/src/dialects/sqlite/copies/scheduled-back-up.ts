import { hasCode } from '../../../errors/persistence-error.js'
import { withTypedErrors } from '../thread/typed-error.js'
import { type Backup, backUp } from './backup.js'
import type { BackupOptions } from './backup-options.js'
import type { BackupSource } from './backup-source.js'
import { named } from './rotation.js'

// Files of one name that share a folder may meet at one ms. A file system that answers EEXIST to each name would never end it.
const TRIES = 20

/**
 * Backs up into a folder, under a name that is free.
 *
 * @param database The path that its manifest names as that of the schedule.
 * @param make For tests.
 * @throws PersistenceError what `backup` throws; `FILE_EXISTS` when each of 20 names was taken meanwhile.
 */
export async function scheduledBackUp(
  source: BackupSource,
  database: string,
  directory: string,
  options: BackupOptions,
  make: typeof backUp = backUp,
): Promise<Backup> {
  const { clock } = source.session
  for (let from = clock.now(), tries = 1; ; tries++) {
    const free = () => named(directory, database, from)
    const { path, ...mark } = await withTypedErrors('BackupSchedule', undefined, free)
    try {
      return await make(source, path, options, mark)
    } catch (error) {
      // The schedule of another file of that name has taken it meanwhile.
      if (!hasCode(error, 'FILE_EXISTS') || tries === TRIES) throw error
      // Never the same again: a folder that takes two cases for one does not list the name that is taken.
      from = Math.max(clock.now(), mark.startedAt + 1)
    }
  }
}
