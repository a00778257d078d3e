import { DatabaseInspection } from '../inspect/database-inspection.js'
import type { Inspection, InspectOptions } from '../inspect/inspection.js'
import type { Session } from '../session/session.js'
import type { Dialect } from './dialect.js'

/** See `SqlAdapter.inspect`. */
export function inspectDatabase(session: Session, dialect: Dialect, options: InspectOptions | undefined): Inspection {
  const { inspect: sql, circuits, results, checkpoints } = dialect
  const { sql: cache } = dialect.cache(undefined)
  const inspected = {
    session,
    sql,
    entries: { ...cache.page, name: 'inspect.entries' },
    tables: {
      circuits: circuits.table,
      entries: cache.table,
      results: results.table,
      checkpoints: checkpoints.table,
    },
    namesOf: async (prefix: string) =>
      prefix === session.prefix ? session.names : dialect.names(session.queue, prefix, false),
  }
  return new DatabaseInspection(inspected, options)
}
