import { DatabaseInspection, type Inspected } from '../inspect/database-inspection.js'
import type { Inspection, InspectOptions } from '../inspect/inspection.js'
import { type DatabaseVerification, type VerifyOptions, verifyDatabase } from '../inspect/verify.js'
import type { Session } from '../session/session.js'
import type { Dialect } from './dialect.js'

/** See `SqlAdapter.inspect`. */
export function inspectDatabase(session: Session, dialect: Dialect, options: InspectOptions | undefined): Inspection {
  return new DatabaseInspection(inspectedOf(session, dialect), options)
}

/** See `SqlAdapter.verify`. */
export function verify(
  session: Session,
  dialect: Dialect,
  options: VerifyOptions | undefined,
): Promise<DatabaseVerification> {
  return verifyDatabase(inspectedOf(session, dialect), dialect.invariants, options)
}

function inspectedOf(session: Session, dialect: Dialect): Inspected {
  const { inspect: sql, circuits, results, checkpoints } = dialect
  const { sql: cache } = dialect.cache(undefined)
  return {
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
}
