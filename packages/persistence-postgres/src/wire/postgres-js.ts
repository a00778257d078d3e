import { PersistenceError } from '@go-go-scope/persistence-core/dialect'
import { within } from './deadline.js'
import { listenByPostgresJs } from './postgres-js-listening.js'
import { type PostgresJsLike, Reservations } from './reservations.js'
import type { Transforms } from './transforms.js'
import type { Source } from './wire.js'

// ms to wait for the answer to LISTEN on a connection of our own.
const LISTEN_ANSWER_MS = 2_000

/** Returns the connections of the app's `sql`, each held until the adapter disconnects. */
export function postgresJs(sql: PostgresJsLike): Source {
  refuseOptions(sql.options ?? {})
  const reservations = Reservations.of(sql)
  return {
    engine: 'postgres',
    several: true,
    pooled: true,
    connect: () => reservations.take(),
    listen: (channel, listener) => listenByPostgresJs(sql, channel, listener),
    end: () => reservations.end(),
  }
}

/** @throws PersistenceError `INVALID_ARGUMENT` if the `sql` has an option whose effect cannot be undone here. */
function refuseOptions({
  fetch_types: queriesTypes,
  transform,
}: {
  fetch_types?: unknown
  transform?: Transforms
}): void {
  const problem =
    queriesTypes === false
      ? 'fetch_types: false never gives a new connection to a caller that reserves one'
      : transform?.row?.from && 'transform.row changes all rows'
  if (!problem) return
  throw new PersistenceError(
    'INVALID_ARGUMENT',
    'constructor',
    `constructor: an sql of postgres with ${problem}; leave that option out, or use PostgresAdapter.open(url, { driver: 'postgres' })`,
  )
}

/**
 * Returns new connections, each with its own `sql`, so that the leftovers of a lost connection go with its `sql`.
 *
 * @param make Makes an `sql` of one connection.
 */
export function ownPostgresJs(make: () => PostgresJsLike): Source {
  const listening = new Set<PostgresJsLike>()
  return {
    engine: 'postgres',
    several: true,
    async connect() {
      const reservations = Reservations.of(make())
      try {
        return await reservations.take(() => reservations.end(true))
      } catch (error) {
        // Not waited for: the caller needs the error of connecting.
        void reservations.end().catch(() => undefined)
        throw error
      }
    },
    async listen(channel, listener) {
      const sql = make()
      listening.add(sql)
      const end = async (): Promise<void> => {
        listening.delete(sql)
        await sql.end({ timeout: 0 })
      }
      const late = (): Promise<never> => Promise.reject(new Error('the server does not answer'))
      try {
        const stop = await within(LISTEN_ANSWER_MS, listenByPostgresJs(sql, channel, listener), late)
        return () => stop().finally(end)
      } catch (error) {
        // The caller needs the error of listening.
        await end().catch(() => undefined)
        throw error
      }
    },
    async end() {
      await Promise.all([...listening].map((sql) => sql.end({ timeout: 0 })))
    },
  }
}
