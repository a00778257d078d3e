import { resolve } from 'node:path'
import { invalidArgument, typeName } from '../../../arguments/invalid.js'

/** @throws PersistenceError `INVALID_ARGUMENT` for a value that is not the path of a file. */
export function checkPath(
  path: unknown,
  operation = 'open',
  name = 'path',
  wanted = 'the path of a file or :memory:',
): asserts path is string {
  const problem = typeof path === 'string' ? problemOf(path) : wrongType(path, operation)
  if (problem !== undefined) {
    throw invalidArgument(operation, `${name} must be ${wanted}, ${problem}`)
  }
}

/**
 * Like {@link checkPath}, but also refuses a database in memory. Call it before anything is awaited: the app may change its working
 * directory meanwhile.
 *
 * @returns the absolute path.
 */
export function resolveFilePath(
  path: unknown,
  operation: string,
  name = 'path',
  wanted = 'the path of a file',
): string {
  checkPath(path, operation, name, wanted)
  if (path === ':memory:') throw invalidArgument(operation, `${name} must be ${wanted}, got :memory:`)
  return resolve(path)
}

// In upper or lower case, because many file systems ignore the difference.
const BESIDE_A_DATABASE = /-(wal|shm|journal)$/i

/**
 * Like {@link resolveFilePath}, for a file that is to be created.
 *
 * @throws PersistenceError `INVALID_ARGUMENT` also for a name that SQLite takes for the WAL or journal of another database: it
 *   reads such a file as one and deletes it.
 */
export function resolveNewFilePath(path: unknown, operation: string, name = 'path'): string {
  const absolute = resolveFilePath(path, operation, name)
  const [suffix] = BESIDE_A_DATABASE.exec(path as string) ?? []
  if (suffix === undefined) return absolute
  const why = `got ${JSON.stringify(path)}; SQLite keeps what ends in ${suffix} beside a database, and would delete it; choose another name`
  throw invalidArgument(operation, `${name} must be the path of a file of its own, ${why}`)
}

function wrongType(path: unknown, operation: string): string {
  if (path instanceof URL) return `got the URL ${JSON.stringify(path.href)}; pass fileURLToPath(url) of node:url`
  const handle = operation === 'open' && typeName(path) === 'object'
  return `got ${typeName(path)}${handle ? '; for a handle that is open already use new SQLiteAdapter(handle)' : ''}`
}

function problemOf(path: string): string | undefined {
  if (path === '') return 'got an empty string, which SQLite takes for a temporary file; use a real path'
  if (path.includes('\0')) return 'it contains a NUL character'
  if (path.startsWith('file:')) {
    return `got the URI ${JSON.stringify(path)}; pass fileURLToPath(url), with readOnly or immutable for its parameters, or open the handle yourself`
  }
  // At least two letters, because one letter is a drive. The rest is not shown, because it may contain a password.
  const [, scheme] = /^([a-z][a-z\d+.-]+):\/\//i.exec(path) ?? []
  if (scheme === undefined) return undefined
  const server = /^postgres(ql)?$/i.test(scheme)
  const remedy = server ? 'use PostgresAdapter of @go-go-scope/persistence-postgres' : 'pass the path alone'
  return `got a URL that begins with ${scheme}:; ${remedy}`
}
