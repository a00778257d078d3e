import { invalidArgument, typeName } from '../../../arguments/invalid.js'

/** @throws PersistenceError `INVALID_ARGUMENT` for what is not a path of a file. */
export function checkPath(
  path: unknown,
  operation = 'open',
  name = 'path',
  wanted = 'the path of a file or :memory:',
): asserts path is string {
  const problem =
    typeof path !== 'string'
      ? path instanceof URL
        ? `got the URL ${JSON.stringify(path.href)}; pass fileURLToPath(url) of node:url`
        : `got ${typeName(path)}`
      : path === ''
        ? 'got an empty string, which SQLite takes for a temporary file; use a real path'
        : path.includes('\0')
          ? 'it contains a NUL character'
          : path.startsWith('file:')
            ? `got the URI ${JSON.stringify(path)}; pass fileURLToPath(url), or open the handle yourself`
            : undefined
  if (problem !== undefined) {
    throw invalidArgument(operation, `${name} must be ${wanted}, ${problem}`)
  }
}

/** {@link checkPath} where a database in memory will not do. */
export function checkFilePath(
  path: unknown,
  operation: string,
  name = 'path',
  wanted = 'the path of a file',
): asserts path is string {
  checkPath(path, operation, name, wanted)
  if (path === ':memory:') throw invalidArgument(operation, `${name} must be ${wanted}, got :memory:`)
}

const BESIDE_A_DATABASE = /-(wal|shm|journal)$/

/**
 * {@link checkFilePath} for a file that is to be made.
 *
 * @throws PersistenceError `INVALID_ARGUMENT` also for a name that SQLite takes for a part of another database: it reads that
 * as its log or journal, and deletes it.
 */
export function checkNewFilePath(path: unknown, operation: string, name = 'path'): asserts path is string {
  checkFilePath(path, operation, name)
  const [suffix] = BESIDE_A_DATABASE.exec(path) ?? []
  if (suffix === undefined) return
  const why = `got ${JSON.stringify(path)}; SQLite keeps what ends in ${suffix} beside a database, and would delete it; choose another name`
  throw invalidArgument(operation, `${name} must be the path of a file of its own, ${why}`)
}
