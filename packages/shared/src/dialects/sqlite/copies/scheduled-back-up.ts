import { hasCode } from '../../../errors/persistence-error.js'
import { withTypedErrors } from '../thread/typed-error.js'
import { type Backup, backUp } from './backup.js'
import type { BackupOptions } from './backup-options.js'
import type { BackupSource } from './backup-source.js'
import { named } from './rotation.js'

/**
 * Backs up into a folder, under a name that is free.
 *
 * @param database The path that its manifest names as that of the schedule.
 * @throws PersistenceError what `backup` throws.
 */
export async function scheduledBackUp(
  source: BackupSource,
  database: string,
  directory: string,
  options: BackupOptions,
): Promise<Backup> {
  const { clock } = source.session
  for (let from = clock.now(); ; ) {
    const free = () => named(directory, database, from)
    const { path, ...mark } = await withTypedErrors('BackupSchedule', undefined, free)
    try {
      return await backUp(source, path, options, mark)
    } catch (error) {
      // The schedule of another file of that name has taken it meanwhile.
      if (!hasCode(error, 'FILE_EXISTS')) throw error
      // Never the same again: a folder that takes two cases for one does not list the name that is taken.
      from = Math.max(clock.now(), mark.startedAt + 1)
    }
  }
}
