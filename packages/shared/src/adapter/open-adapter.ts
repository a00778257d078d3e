import { open } from 'node:fs/promises'
import { Connection } from '../driver/connection.js'
import type { SqlDriver } from '../driver/driver.js'
import { classify } from '../errors/classify.js'
import { PersistenceError } from '../errors/persistence-error.js'
import { fileIdentity } from '../file/file-identity.js'
import { type Registration, registerLibrary } from '../file/library-registry.js'
import { type ResolvedOptions, resolveOptions } from './adapter-options.js'
import { checkPath, type OpenOptions, type ResolvedOpenOptions, resolveOpenOptions } from './open-options.js'
import type { SqlAdapter } from './sql-adapter.js'
import { tune } from './tune.js'

/** A loaded engine. */
export interface Engine<Handle extends object> {
  readonly name: string
  /** As its driver's. */
  readonly library: unknown
  /** Opens a file that exists, or `:memory:`. */
  open(path: string, readOnly: boolean): Handle | Promise<Handle>
}

/** What `open` needs of a front end. */
export interface Opener<Handle extends object, Adapter extends SqlAdapter> {
  /** @throws PersistenceError `ENGINE_MISSING`. */
  load(): Promise<Engine<Handle>>
  driver(handle: Handle): SqlDriver
  adapter(handle: Handle, options: OpenOptions): Adapter
}

/** Opens a database, tunes it and connects; on failure nothing stays open. */
export async function openAdapter<Handle extends object, Adapter extends SqlAdapter>(
  path: string,
  options: OpenOptions,
  opener: Opener<Handle, Adapter>,
): Promise<Adapter> {
  checkPath(path)
  const resolved = resolveOptions(options)
  const tuning = resolveOpenOptions(options)
  const engine = await opener.load()
  const reserved = path !== ':memory:' ? await prepareFile(path, tuning, engine) : undefined
  try {
    return await openHandle(path, { options, resolved, tuning }, opener, engine)
  } finally {
    // By now the connection has a place of its own, or has closed the file.
    reserved?.leave()
  }
}

async function openHandle<Handle extends object, Adapter extends SqlAdapter>(
  path: string,
  { options, resolved, tuning }: { options: OpenOptions; resolved: ResolvedOptions; tuning: ResolvedOpenOptions },
  opener: Opener<Handle, Adapter>,
  engine: Engine<Handle>,
): Promise<Adapter> {
  let handle: Handle
  try {
    handle = await engine.open(path, tuning.readOnly)
  } catch (error) {
    throw classify(error, `open ${path}`)
  }
  const connection = Connection.of(handle, () => opener.driver(handle), resolved)
  connection.readOnly = tuning.readOnly
  connection.ownHandle = true
  try {
    // Before anything is asked of the engine, because its options may listen to what is found out.
    const adapter = opener.adapter(handle, options)
    await connection.open()
    await tune(connection, tuning, path !== ':memory:')
    await adapter.connect()
    return adapter
  } catch (error) {
    // The reason why it cannot be used is what the caller needs, not what closing it says.
    await connection.close(false).catch(() => undefined)
    throw error
  }
}

/**
 * Makes a missing file, and takes a place in the registry before the engine opens it: closing the file again after a
 * refusal would do the damage that the refusal prevents.
 */
async function prepareFile(
  path: string,
  { readOnly, mode }: ResolvedOpenOptions,
  engine: Engine<object>,
): Promise<Registration | undefined> {
  let identity = await fileIdentity(path)
  if (identity === undefined && !readOnly) {
    await createPrivately(path, mode)
    identity = await fileIdentity(path)
  }
  return identity === undefined
    ? undefined
    : registerLibrary(identity, { library: engine.library, engine: engine.name }, path)
}

/** Creates a missing file before the engine does, so that it and its sidecars get `mode` and not the umask's. */
async function createPrivately(path: string, mode: number): Promise<void> {
  try {
    // Exclusively: an existing file must not be opened here, closing it would drop the locks SQLite holds on it.
    const file = await open(path, 'wx', mode)
    await file.close()
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'EEXIST') return
    const readOnly = code === 'EROFS' || code === 'EACCES' || code === 'EPERM'
    const advice = readOnly
      ? 'its folder cannot be written; choose another, or pass readOnly: true for an existing file'
      : 'check that its folder exists'
    const reason = (cause as Error).message
    throw new PersistenceError(
      readOnly ? 'READ_ONLY' : 'CANNOT_OPEN',
      'open',
      `open ${path}: the file cannot be created; ${advice} (${reason})`,
      cause,
    )
  }
}
