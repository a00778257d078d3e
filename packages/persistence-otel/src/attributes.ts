import type { TracedCall, TracedDatabase } from '@go-go-scope/persistence-core/integration'
import type { Attributes } from '@opentelemetry/api'

// The names in the stable database conventions. Copied here, because their package is 1 MB.
const SYSTEM = 'db.system.name'
export const NAMESPACE = 'db.namespace'
const OPERATION = 'db.operation.name'
export const ERROR = 'error.type'
export const BATCH_SIZE = 'db.operation.batch.size'
export const POOL = 'db.client.connection.pool.name'

const known = new WeakMap<object, Attributes>()

/** Returns the attributes of a database. */
export function databaseAttributes(database: Pick<TracedDatabase, 'system' | 'location'>): Attributes {
  const found = known.get(database)
  if (found !== undefined) return found
  const namespace = namespaceOf(database)
  const attributes = { [SYSTEM]: database.system, ...(namespace !== undefined && { [NAMESPACE]: namespace }) }
  // The location is unknown until the database is connected.
  if (namespace !== undefined) known.set(database, attributes)
  return attributes
}

/** Returns the attributes of a call: its database, its operation, and the error with which it failed. */
export function callAttributes({ database, operation, error }: TracedCall): Attributes {
  return {
    ...databaseAttributes(database),
    ...operationAttribute(operation),
    ...(error !== undefined && { [ERROR]: errorType(error) }),
  }
}

export function operationAttribute(operation: string): Attributes {
  return { [OPERATION]: operation }
}

/** Returns the code of a PersistenceError, else the class name. Never the message, which may contain keys. */
export function errorType(error: unknown): string {
  if (!(error instanceof Error)) return '_OTHER'
  return error.name === 'PersistenceError' && 'code' in error ? String(error.code) : error.name
}

/**
 * Returns the name of a file without its folders, or the database and schema of a server, joined as in the conventions.
 * `undefined` for a database in memory.
 */
export function namespaceOf({ system, location }: Pick<TracedDatabase, 'system' | 'location'>): string | undefined {
  if (location === '') return undefined
  const parts = location.split(/[/\\]/)
  return system === 'sqlite' ? parts.at(-1) : parts.slice(-2).join('|')
}
