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
