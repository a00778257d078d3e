import { messageOf } from '../../../errors/is-error.js'
import { PersistenceError } from '../../../errors/persistence-error.js'
import type { OperationQueue } from '../../../queue/operation-queue.js'

// The version that brought `->>`, unixepoch() and JSON in every build. STRICT tables (3.37), RETURNING (3.35), UPDATE FROM (3.33)
// and upserts (3.24) are older.
const OLDEST_MAJOR = 3
const OLDEST_MINOR = 38

const VERSION = 'SELECT sqlite_version() AS version'
// A build may omit features of its version.
const FEATURES = `SELECT value ->> 0 AS text, unixepoch() AS time FROM json_each('[["works"]]')`

/**
 * Returns the engine's version of SQLite after checking that it has the features that the core needs. Writes nothing.
 *
 * @throws PersistenceError `ENGINE_UNSUPPORTED`.
 */
export async function probeEngine(queue: OperationQueue, engine: string): Promise<string> {
  const [row] = await queue.query('connect', VERSION)
  const version = String(row?.version)
  if (!isRecent(version)) throw unsupported(engine, version)
  try {
    const [features] = await queue.query('connect', FEATURES)
    if (features?.text === 'works') return version
  } catch (error) {
    // Any other failure concerns the file, or passes: memory may have run out.
    if (!/no such|syntax error/.test(messageOf(error))) throw error
    throw unsupported(engine, `${version} built without JSON or date functions`, error)
  }
  throw unsupported(engine, `${version} with JSON functions that answer wrongly`)
}

function isRecent(version: string): boolean {
  const [major = Number.NaN, minor = Number.NaN] = version.split('.').map(Number)
  return major > OLDEST_MAJOR || (major === OLDEST_MAJOR && minor >= OLDEST_MINOR)
}

function unsupported(engine: string, found: string, cause?: unknown): PersistenceError {
  return new PersistenceError(
    'ENGINE_UNSUPPORTED',
    'connect',
    `connect: ${engine} brings SQLite ${found}, and ${OLDEST_MAJOR}.${OLDEST_MINOR} or later with its JSON functions is needed; update the engine`,
    cause,
  )
}
