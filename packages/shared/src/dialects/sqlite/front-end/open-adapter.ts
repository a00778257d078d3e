import { lstat, realpath } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { type ResolvedOptions, resolveOptions } from '../../../adapter/adapter-options.js'
import { invalidOption } from '../../../arguments/invalid.js'
import { Connection } from '../../../connection/connection.js'
import type { SqlDriver } from '../../../driver/driver.js'
import { hasCode, PersistenceError } from '../../../errors/persistence-error.js'
import type { LoadedEngine } from '../engine/loaded-engine.js'
import { openError } from '../error-codes.js'
import { checkPath } from '../file/check-path.js'
import { createFile } from '../file/create-file.js'
import { fileIdentity } from '../file/file-identity.js'
import { ImmutableFile, immutableUri, isReadable, takesNoUri } from '../file/immutable-file.js'
import { keepOpen } from '../file/kept-open.js'
import { type Registration, refuseAttachedLibrary, registerLibrary } from '../file/library-registry.js'
import { removeUnused } from '../file/remove-unused.js'
import { sqliteDialect } from '../sqlite-dialect.js'
import { type OpenOptions, type ResolvedOpenOptions, resolveOpenOptions } from './open-options.js'
import type { SqliteAdapter } from './sqlite-adapter.js'
import { tune } from './tune.js'

/** The parts of a front end that `open` needs. */
export interface Opener<Handle extends object, Adapter extends SqliteAdapter> {
  /** @throws PersistenceError `ENGINE_MISSING`. */
  load(): Promise<LoadedEngine<Handle>>
  driver(handle: Handle): SqlDriver
  adapter(handle: Handle): Adapter
  /** Called when the settings of the connection are in place. */
  tuned?(handle: Handle): Promise<void>
}

/** The file to open. */
interface PreparedFile {
  readonly identity: string
  /** Whether this `open` created the file. */
  readonly created: boolean
  readonly registration: Registration
}

/** What a call of `open` opens, and how. */
interface Opening {
  readonly path: string
  readonly resolved: ResolvedOptions
  readonly tuning: ResolvedOpenOptions
}

/** Opens a database, sets its pragmas and connects. On failure nothing stays open, and a file created by this call is removed. */
export async function openAdapter<Handle extends object, Adapter extends SqliteAdapter>(
  given: string,
  options: OpenOptions,
  opener: Opener<Handle, Adapter>,
): Promise<Adapter> {
  checkPath(given)
  // Before anything is awaited: the app may change its working directory meanwhile. Unlike `resolve`, this leaves `..` after a
  // symbolic link, and a slash at the end, to the system.
  const path = given === ':memory:' || isAbsolute(given) ? given : `${process.cwd()}/${given}`
  const resolved = resolveOptions(options)
  const tuning = resolveOpenOptions(options)
  if (path === ':memory:') refuseOptionsOfFiles(tuning)
  const engine = await opener.load()
  const file = path !== ':memory:' ? await prepareFile(path, tuning, engine) : undefined
  try {
    const handle = await openHandle(path, tuning, engine, file)
    return await connectHandle({ path, resolved, tuning }, handle, opener, file)
  } finally {
    // By now the connection has its own entry in the registry, or has closed the file.
    file?.registration.leave()
  }
}

/** @throws PersistenceError `INVALID_OPTION`. */
function refuseOptionsOfFiles(tuning: ResolvedOpenOptions): void {
  for (const name of ['worker', 'immutable', 'readOnly'] as const) {
    if (tuning[name]) throw invalidOption(name, tuning[name], 'left out with :memory:, which has no file')
  }
}

async function openHandle<Handle extends object>(
  path: string,
  { readOnly, immutable }: ResolvedOpenOptions,
  engine: LoadedEngine<Handle>,
  file: PreparedFile | undefined,
): Promise<Handle> {
  try {
    return await engine.open(immutable ? immutableUri(path) : path, readOnly)
  } catch (error) {
    if (file?.created === true) await removeUnused(path, file.identity)
    const failure = openError(error, path)
    if (immutable && (await isReadable(path))) throw takesNoUri(path, engine.name, failure)
    throw failure
  }
}

async function connectHandle<Handle extends object, Adapter extends SqliteAdapter>(
  { path, resolved, tuning }: Opening,
  handle: Handle,
  opener: Opener<Handle, Adapter>,
  file: PreparedFile | undefined,
): Promise<Adapter> {
  const connection = Connection.of(handle, () => opener.driver(handle), sqliteDialect, {
    ...resolved,
    readOnly: tuning.readOnly,
    immutable: tuning.immutable,
    exclusive: true,
  })
  try {
    // Created before the first statement runs, so that the adapter's onDiagnostic receives events of opening.
    const adapter = opener.adapter(handle)
    await connection.open()
    if (file !== undefined && connection.place.identity !== file.identity) throw otherFile(path, connection)
    await tune(connection, tuning, path !== ':memory:')
    await opener.tuned?.(handle)
    await adapter.connect()
    return adapter
  } catch (error) {
    if (file?.created === true) await removeUnused(path, file.identity, connection.queue)
    const second = hasCode(error, 'SECOND_LIBRARY')
    if (second) keepOpen(handle)
    // The caller needs the error of opening, not one of closing.
    await connection.close({ keepHandle: second }).catch(() => undefined)
    const failure = tuning.immutable && hasCode(error, 'CORRUPT') ? await unreadLog(path, error) : error
    throw file === undefined ? failure : withPath(failure, path)
  }
}

/**
 * Returns the error for damage that has another cause: a half transaction, because the journal with the other half is not read.
 */
async function unreadLog(path: string, damage: unknown): Promise<unknown> {
  try {
    await ImmutableFile.enter(await realpath(path))
    return damage
  } catch (refusal) {
    return refusal instanceof PersistenceError ? refusal : damage
  }
}

/** Adds the path to the error, because the connection does not know it as the app has given it. */
function withPath(error: unknown, path: string): unknown {
  const plain = error instanceof PersistenceError && error.constructor === PersistenceError
  return plain && !error.message.includes(path) ? openError(error, path) : error
}

/**
 * Creates a missing file and registers it before the engine opens it: closing the file again after a refusal would do the damage
 * that the refusal prevents.
 */
async function prepareFile(
  path: string,
  { readOnly, mode }: ResolvedOpenOptions,
  engine: LoadedEngine<object>,
): Promise<PreparedFile | undefined> {
  let identity = await fileIdentity(path)
  let created = false
  if (identity === undefined) {
    await refuseDanglingLink(path)
    if (readOnly) return undefined
    created = await createFile(path, mode)
    identity = await fileIdentity(path)
    if (identity === undefined) throw cannotOpen(path, 'the file was deleted while it was opened; open it again')
  }
  await refuseAttachedLibrary(path, engine.name)
  const registration = await registerLibrary(identity, { library: engine.library, engine: engine.name }, path)
  return { identity, created, registration }
}

/** Through a dangling link, engines would create its target, with other permissions than `mode`. */
async function refuseDanglingLink(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined) // Expected to be missing.
  if (found?.isSymbolicLink() !== true) return
  throw cannotOpen(path, 'a symbolic link that leads to no file; open the file by its own path, or make it first')
}

/** Some engines change a path: Bun trims spaces. */
function otherFile(path: string, { engine, place }: Connection): PersistenceError {
  return cannotOpen(path, `${engine} opened ${JSON.stringify(place.location)} instead; give the file another name`)
}

function cannotOpen(path: string, why: string): PersistenceError {
  return new PersistenceError('CANNOT_OPEN', 'open', `open ${JSON.stringify(path)}: ${why}`)
}
