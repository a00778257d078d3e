import {
  type Connection,
  type Place,
  type Row,
  read,
  type SqlStats,
  type Statement,
} from '@go-go-scope/persistence-core/dialect'
import { PostgresNotifications } from './notifications/postgres-notifications.js'
import { timelineBy } from './postgres-place.js'

/** The result of `adapter.stats()`. Row counts cover the whole schema; `cache` covers this adapter's prefix. */
export interface PostgresStats extends SqlStats {
  /** For example `18.4`. */
  serverVersion: string
  /**
   * The server's WAL timeline, which grows by one with each promotion of a standby. 0 on a standby, and on a server that does not
   * report it.
   */
  timeline: number
  /** Address, database and schema; without the address on a Unix socket and for PGlite. */
  location: string
  /** Round trip of the statement that reads these counts, in ms. */
  roundTrip: number
  /** ms by which the server's clock is ahead of this process's. */
  clockDifference: number
  /**
   * How this adapter learns of changes by other processes: by notification (`active`), by `polling`, or not at all (`none`)
   * because no caller waits for a change. A connection that falls silent, and over `Bun.SQL` one that ends, is noticed within 30 s.
   */
  notifications: 'active' | 'polling' | 'none'
}

/** @param schema Quoted. */
export function countsOf(schema: string): Statement<'one'> {
  return read(
    'stats',
    'one',
    `SELECT
  (SELECT count(*)::int FROM ${schema}.circuit) AS circuits,
  (SELECT count(*)::int FROM ${schema}.checkpoints) AS checkpoints,
  (SELECT count(*)::int FROM ${schema}.idempotency WHERE value IS NOT NULL OR unstored IS NOT NULL) AS idempotency`,
  )
}

const SERVER = 'SELECT (extract(epoch FROM clock_timestamp()) * 1000::numeric)::float8 AS now'

/** Returns the statistics that only a server has. */
export async function serverStats(
  { clock, place, queue }: Connection,
  _counts: Row,
): Promise<Omit<PostgresStats, keyof SqlStats>> {
  const [sent, wall] = [clock.monotonic(), clock.now()]
  const [row] = await queue.query('stats', SERVER)
  const roundTrip = clock.monotonic() - sent
  return {
    serverVersion: place.version,
    timeline: (await timelineBy((sql) => queue.query('stats', sql))) ?? 0,
    location: place.location,
    roundTrip,
    clockDifference: Number(row?.now) - (wall + roundTrip / 2),
    notifications: notificationsOf(place),
  }
}

function notificationsOf({ notifications }: Place): PostgresStats['notifications'] {
  if (notifications?.active) return 'active'
  return notifications instanceof PostgresNotifications && !notifications.wanted ? 'none' : 'polling'
}
