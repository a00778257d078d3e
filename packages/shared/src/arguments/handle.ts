import { PersistenceError } from '../errors/persistence-error.js'

/**
 * Refuses what is no engine handle, before anything is made of it.
 *
 * @param methods What the driver calls on a handle.
 * @param wanted What to pass instead, for example `a Database of bun:sqlite`.
 * @throws PersistenceError `INVALID_ARGUMENT`.
 */
export function checkHandle(handle: unknown, methods: readonly string[], wanted: string): void {
  const usable =
    typeof handle === 'object' &&
    handle !== null &&
    methods.every((method) => typeof (handle as Record<string, unknown>)[method] === 'function')
  if (usable) return
  const got = handle === null ? 'null' : typeof handle
  const hint = typeof handle === 'string' ? '; to open a file use SQLiteAdapter.open(path)' : ''
  throw new PersistenceError(
    'INVALID_ARGUMENT',
    'constructor',
    `the first argument must be ${wanted}, got ${got}${hint}`,
  )
}
