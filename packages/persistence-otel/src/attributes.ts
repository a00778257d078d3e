import type { TracedCall, TracedDatabase } from '@go-go-scope/persistence-core/integration'
import type { Attributes } from '@opentelemetry/api'

// Names of the conventions for databases, which are stable. Written out: their package has 1 MB of them.
const SYSTEM = 'db.system.name'
const NAMESPACE = 'db.namespace'
const OPERATION = 'db.operation.name'
export const ERROR = 'error.type'
export const BATCH_SIZE = 'db.operation.batch.size'
export const POOL = 'db.client.connection.pool.name'

const known = new WeakMap<object, Attributes>()

/** The attributes of a database. */
export function databaseAttributes(database: Pick<TracedDatabase, 'system' | 'location'>): Attributes {
  const found = known.get(database)
  if (found !== undefined) return found
  const namespace = namespaceOf(database)
  const attributes = { [SYSTEM]: database.system, ...(namespace !== undefined && { [NAMESPACE]: namespace }) }
  // Before it is connected, where it is is not known.
  if (namespace !== undefined) known.set(database, attributes)
  return attributes
}

/** The attributes of a call: those of its database, its operation, and the error that it failed with. */
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

/** The code of an error of the family, else the name of its class: never its message, which may have keys. */
export function errorType(error: unknown): string {
  if (!(error instanceof Error)) return '_OTHER'
  return error.name === 'PersistenceError' && 'code' in error ? String(error.code) : error.name
}

/**
 * The name of a file without its folders; the database and schema of a server, as the conventions join them. `undefined`
 * for a database in memory.
 */
export function namespaceOf({ system, location }: Pick<TracedDatabase, 'system' | 'location'>): string | undefined {
  if (location === '') return undefined
  const parts = location.split(/[/\\]/)
  return system === 'sqlite' ? parts.at(-1) : parts.slice(-2).join('|')
}
