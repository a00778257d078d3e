import {
  type Connection,
  type Place,
  type Row,
  read,
  type SqlStats,
  type Statement,
} from '@go-go-scope/persistence-core/dialect'
import { PostgresNews } from './news/postgres-news.js'

/** The answer of `adapter.stats()`. Rows are those of the whole schema, `cache` is this prefix's. */
export interface PostgresStats extends SqlStats {
  /** For example `18.4`. */
  serverVersion: string
  /** Grows by one with each promotion of a standby. */
  timeline: number
  /** Address, database and schema. */
  location: string
  /** ms that the statement of these counts took, there and back. */
  roundTrip: number
  /** ms by which the server's clock is ahead of this process's. */
  clockDifference: number
  /**
   * How changes of other processes are found: `heard` by notification, `polled`, or neither, because nobody waits for one.
   */
  news: 'heard' | 'polled' | 'none'
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

const SERVER = `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now,
  CASE WHEN pg_is_in_recovery() THEN 0 ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END AS timeline`

/** The part of the answer that only a server has. */
export async function serverStats(
  { clock, place, queue }: Connection,
  _counts: Row,
): Promise<Omit<PostgresStats, keyof SqlStats>> {
  const [sent, wall] = [clock.monotonic(), clock.now()]
  const [row] = await queue.query('stats', SERVER)
  const roundTrip = clock.monotonic() - sent
  return {
    serverVersion: place.version,
    timeline: Number(row?.timeline),
    location: place.location,
    roundTrip,
    clockDifference: Number(row?.now) - (wall + roundTrip / 2),
    news: newsOf(place),
  }
}

function newsOf({ news }: Place): PostgresStats['news'] {
  if (news?.heard) return 'heard'
  return news instanceof PostgresNews && !news.wanted ? 'none' : 'polled'
}
