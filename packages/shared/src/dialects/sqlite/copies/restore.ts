import { flagValue, invalidArgument } from '../../../arguments/invalid.js'
import type { OptionNames } from '../../../arguments/options.js'
import { hasCode, PersistenceError } from '../../../errors/persistence-error.js'
import { systemClock } from '../../../time/clock.js'
import { resolveFilePath, resolveNewFilePath } from '../file/check-path.js'
import { isSameFile } from '../file/file-identity.js'
import { refuseOpenHere } from '../file/open-here.js'
import { refuseLink, refuseNoFile } from '../file/refuse-link.js'
import { withTypedErrors } from '../thread/typed-error.js'
import { chooseEngine, type EngineChoice, type FileOptions } from './engine-choice.js'
import type { Lineage } from './lineage.js'
import { type BackupManifest, readManifest } from './manifest.js'
import type { RestoreOrder, RestoreResult } from './restore-job.js'
import { lockTarget } from './restore-lock.js'
import { TemporaryFile } from './temporary-file.js'
import { withThread } from './with-thread.js'

/** Options of `restore`. */
export interface RestoreOptions extends FileOptions {
  /** Whether a database without a manifest is restored, such as a copy that was made by other means. Default `false`. */
  allowUnverified?: boolean | undefined
}

const RESTORE_OPTIONS: OptionNames<Omit<RestoreOptions, keyof FileOptions>> = { allowUnverified: true }

/** The result of `restore`. */
export interface Restored extends Lineage {
  /** The restored database. */
  readonly path: string
  /** The path at which the old file is kept; `undefined` if there was none. */
  readonly kept: string | undefined
  /** The manifest of the backup; `undefined` if it had none. */
  readonly backup: BackupManifest | undefined
  /** What the restore means for each kind of data, for people. */
  readonly meaning: Readonly<Record<keyof typeof MEANING, string>>
}

const MEANING = {
  locks: 'none is held; tokens go on above every token that was given, so fencing still refuses the holders of before',
  claims: 'none is held; generations go on above every generation that was given',
  results: 'as of the backup: what was completed since is unknown here, and a task that runs once may run again',
  checkpoints: 'as of the backup: a task resumes from an earlier one and repeats its later steps',
  cache: 'as of the backup: entries may be older than what they were computed from; clear what must not be',
  breakers: 'as of the backup: one that has opened since is closed until it fails again',
} as const

/** Replaces a database by a backup; see `restore` of the front ends. */
export async function restore<Options extends object>(
  choice: EngineChoice<Options>,
  from: string,
  to: string,
  given?: Options & RestoreOptions,
): Promise<Restored> {
  const backup = resolveFilePath(from, 'restore', 'backup')
  const target = resolveNewFilePath(to, 'restore', 'target')
  const names = { ...choice.names, ...RESTORE_OPTIONS } as OptionNames<Options & RestoreOptions>
  const { options, engine, worker } = await chooseEngine<Options & RestoreOptions>(
    { ...choice, names },
    given,
    'restore',
  )
  const { signal, allowUnverified = false } = options
  flagValue(allowUnverified, 'restore', 'allowUnverified')
  return withTypedErrors('restore', signal, async () => {
    // The backup would be kept under another name, and the manifest would not describe the file that replaced it.
    if (await isSameFile(target, backup))
      throw invalidArgument(
        'restore',
        `${target} is the backup itself; name the database that it is to take the place of`,
      )
    const manifest = await manifestOf(backup, allowUnverified)
    await refuseLink(target, 'restore')
    await refuseNoFile(backup, 'restore')
    await refuseOpenHere(backup, 'restore')
    const lock = await lockTarget(target)
    try {
      await refuseOpenHere(target, 'restore')
      const temporary = await TemporaryFile.beside(target)
      const tidy = () => temporary.remove()
      const now = systemClock.now()
      const input: RestoreOrder = { backup, manifest, temporary: temporary.path, target, now }
      try {
        const result = await withThread<never, RestoreResult>(worker, { engine, job: 'restore', input, signal, tidy })
        return { path: target, backup: manifest, meaning: MEANING, ...result }
      } finally {
        // If there was no target, the new file has two names. And the signal may have aborted before there was a thread.
        await tidy()
      }
    } finally {
      // The caller has a result or an error. A restore that finds the lock later names it.
      await lock.release().catch(() => undefined)
    }
  })
}

async function manifestOf(backup: string, optional: boolean): Promise<BackupManifest | undefined> {
  try {
    return await readManifest(backup, 'restore')
  } catch (error) {
    if (!hasCode(error, 'NOT_A_BACKUP')) throw error
    if (optional) return undefined
    throw new PersistenceError(
      'NOT_A_BACKUP',
      'restore',
      `${error.message}, or pass allowUnverified: true to restore a database without a manifest`,
      error.cause,
    )
  }
}
