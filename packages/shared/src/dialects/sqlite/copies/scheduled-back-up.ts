import { hasCode } from '../../../errors/persistence-error.js'
import { withTypedErrors } from '../thread/typed-error.js'
import { type Backup, backUp } from './backup.js'
import type { BackupOptions } from './backup-options.js'
import type { BackupSource } from './backup-source.js'
import { freeName } from './rotation.js'

// Databases of one name that share a folder may back up in the same ms. A limit, because a file system may answer EEXIST always.
const TRIES = 20

/**
 * Backs up into a folder, under a free name.
 *
 * @param database The path of the database, for the manifest.
 * @param make For tests.
 * @throws PersistenceError the errors of `backup`; `FILE_EXISTS` if each of 20 names was taken meanwhile.
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
    const free = () => freeName(directory, database, from)
    const { path, ...mark } = await withTypedErrors('BackupSchedule', undefined, free)
    try {
      return await make(source, path, options, mark)
    } catch (error) {
      // The schedule of another database of that name has taken it meanwhile.
      if (!hasCode(error, 'FILE_EXISTS') || tries === TRIES) throw error
      // A later name in any case: a folder that ignores the case of names does not list the taken name as written here.
      from = Math.max(clock.now(), mark.startedAt + 1)
    }
  }
}
