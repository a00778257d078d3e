import { type AdapterOptions, adapterOptions, givenOptions } from '../../../adapter/adapter-options.js'
import { sessionOf } from '../../../adapter/base-adapter.js'
import { invalidArgument } from '../../../arguments/invalid.js'
import type { OptionNames } from '../../../arguments/options.js'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { refuseReadOnly, sourceOf } from '../copies/backup-source.js'
import { withoutThread } from '../copies/engine-choice.js'
import { resolveFilePath } from '../file/check-path.js'
import { fileIdentity } from '../file/file-identity.js'
import { follow, type Origin } from '../standby/follow.js'
import { FOLLOW_OPTIONS, type FollowOptions, resolveFollowOptions } from '../standby/follow-options.js'
import type { Standby } from '../standby/standby.js'
import { withTypedErrors } from '../thread/typed-error.js'
import type { AdapterClass, FrontEndDefinition } from './front-end.js'
import { type OpenOptions, resolveOpenOptions } from './open-options.js'
import { SqliteAdapter } from './sqlite-adapter.js'

/** Starts standbys on the engine of a front end. */
export interface StandbyClass<Options extends OpenOptions> {
  /**
   * Starts a standby: a thread that copies a file into another file, or into memory, and keeps the copy up to date. Triggers in
   * the source log the changed rows, for every writer, until the last follower stops.
   *
   * @param source An adapter on the file, or the path of the file, which no adapter needs to have open.
   * @param options The target, and the options for reads and for the adapter that takes over. Default: the options of the adapter
   *   `source`. The adapter that takes over runs its engine in this thread.
   * @returns the standby, once it is readable: its first copy is complete, or it continues from an earlier one.
   * @throws PersistenceError `FILE_EXISTS`, `FILE_IN_USE`, `SCHEMA_MISSING`, `WAL_NEEDED`, `INVALID_ARGUMENT`, `INVALID_OPTION`,
   *   `READ_ONLY` for an adapter that was opened with `readOnly`, `FOREIGN_TABLE` for a source that is a standby itself, and `BUSY`
   *   when others write to the source without a pause for longer than `busyTimeout`.
   */
  follow(
    source: SqliteAdapter | string,
    options: FollowOptions & Omit<Options, 'worker' | 'readers'>,
  ): Promise<Standby<SqliteAdapter>>
}

/** @param Adapter The class of the same front end. */
export function standbyClass<Handle extends object, Options extends OpenOptions>(
  definition: FrontEndDefinition<Handle, Options>,
  openOptions: OptionNames<Options>,
  Adapter: AdapterClass<Handle, Options>,
): StandbyClass<Options> {
  type Given = FollowOptions & Omit<Options, 'worker' | 'readers'>
  const { worker: _, readers: __, ...adapterNames } = openOptions as OptionNames<OpenOptions>
  const names = { ...adapterNames, ...FOLLOW_OPTIONS } as unknown as OptionNames<Given>

  return {
    async follow(source, options) {
      const given = givenOptions<Given>(options, names)
      const following = resolveFollowOptions(given)
      const own = Object.entries(given).filter(([name]) => Object.hasOwn(adapterNames, name))
      const { options: inherited, ...origin } = await originOf(source, () =>
        definition.load(given as unknown as Options),
      )
      // The handles that are opened here have no other owner.
      const opening = { ...inherited, closeOnDisconnect: true, ...Object.fromEntries(own) } as Options
      // Now and not at the takeover, which cannot be undone.
      resolveOpenOptions(opening)
      const { startWorker } = definition
      const worker = given.worker ?? startWorker
      if (worker === undefined) throw withoutThread(origin.engine, 'standby.follow')
      return follow(origin, following, opening, worker, {
        open: (path, identity) => openTakenOver(path, identity, () => Adapter.open(path, opening)),
        async adapter(handle, driver) {
          const adapter = new SqliteAdapter(handle, driver, adapterOptions(opening), startWorker)
          await adapter.connect()
          return adapter
        },
      })
    },
  }
}

/**
 * From the moment the thread has closed the file, no process has it open. If the file is missing, opening its name would create
 * an empty one.
 */
async function openTakenOver(
  path: string,
  identity: string | undefined,
  open: () => Promise<SqliteAdapter>,
): Promise<SqliteAdapter> {
  if ((await fileIdentity(path)) === identity) {
    const adapter = await open()
    if (sessionOf(adapter)?.connection.place.identity === identity) return adapter
    await adapter.disconnect()
  }
  throw new PersistenceError(
    'FILE_REPLACED',
    'standby.takeOver',
    `standby.takeOver: the standby is a database of its own now, but its file ${path} was deleted, moved or replaced before it was opened; find it, and open it by SQLiteAdapter.open`,
  )
}

async function originOf(
  source: SqliteAdapter | string,
  load: () => Promise<{ readonly name: string }>,
): Promise<Origin & { readonly options: AdapterOptions }> {
  if (typeof source === 'string') {
    const path = resolveFilePath(source, 'standby.follow', 'source')
    const { name: engine } = await withTypedErrors('standby.follow', undefined, load)
    return { path, engine, options: {} }
  }
  const { session, options } = sourceOf(source, 'standby.follow')
  refuseReadOnly(session, 'standby.follow', 'the path of the file')
  await session.connect('standby.follow')
  const { engine, place } = session.connection
  if (place.location !== '') return { path: place.location, engine, options }
  throw invalidArgument(
    'standby.follow',
    'source must be a file, got a database in memory; take a backup of it instead',
  )
}
