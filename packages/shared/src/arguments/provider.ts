import { invalidArgument, typeName } from './invalid.js'

/**
 * Refuses a value that lacks a method of the wanted provider, for example an adapter instead of its cache.
 *
 * @param wanted What to pass, as the app would write it: `persistence.cache`.
 * @throws PersistenceError `INVALID_ARGUMENT`.
 */
export function checkProvider(provider: unknown, methods: readonly string[], wanted: string, operation: string): void {
  const missing = methods.find((name) => typeof (provider as Record<string, unknown> | null)?.[name] !== 'function')
  if (missing === undefined) return
  const got = typeName(provider)
  throw invalidArgument(
    operation,
    `pass ${wanted} of an adapter, got ${got === 'object' ? `an object without ${missing}()` : got}`,
  )
}
