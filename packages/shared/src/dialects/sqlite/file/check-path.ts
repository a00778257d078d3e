import { invalidArgument, typeName } from '../../../arguments/invalid.js'

/** @throws PersistenceError `INVALID_ARGUMENT` for what is not a path of a file. */
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

function wrongType(path: unknown, operation: string): string {
  if (path instanceof URL) return `got the URL ${JSON.stringify(path.href)}; pass fileURLToPath(url) of node:url`
  const handle = operation === 'open' && typeName(path) === 'object'
  return `got ${typeName(path)}${handle ? '; for a handle that is open already use new SQLiteAdapter(handle)' : ''}`
}

function problemOf(path: string): string | undefined {
  if (path === '') return 'got an empty string, which SQLite takes for a temporary file; use a real path'
  if (path.includes('\0')) return 'it contains a NUL character'
  if (path.startsWith('file:')) {
    return `got the URI ${JSON.stringify(path)}; pass fileURLToPath(url), or open the handle yourself`
  }
  // Two letters at least: one is a drive. The rest is not shown, because it may have a password.
  const [, scheme] = /^([a-z][a-z\d+.-]+):\/\//i.exec(path) ?? []
  if (scheme === undefined) return undefined
  const server = /^postgres(ql)?$/i.test(scheme)
  const remedy = server ? 'use PostgresAdapter of @go-go-scope/persistence-postgres' : 'pass the path alone'
  return `got a URL that begins with ${scheme}:; ${remedy}`
}
