import type { SqlValue } from '@go-go-scope/persistence-core/dialect'
import { endedSql } from '../sql/error-codes.js'
import { type ListensLike, listenBy, ReservedWire } from './reserved.js'
import type { Source } from './wire.js'

/** One connection reserved from the pool of a `Bun.SQL`. */
export interface ReservedBunLike {
  unsafe(sql: string, parameters: unknown[]): PromiseLike<readonly unknown[]>
  release(): unknown
  /** Ends the connection. */
  close(): PromiseLike<unknown>
}

/** The members of a `Bun.SQL` that are used here. */
export interface BunSqlLike extends Partial<ListensLike> {
  reserve(): PromiseLike<ReservedBunLike>
  unsafe(sql: string, parameters?: unknown[]): PromiseLike<readonly unknown[]>
  /** Distinguishes it from the `sql` of other libraries. */
  commitDistributed: unknown
  end(): PromiseLike<unknown>
}

/**
 * Returns the connections of the app's `Bun.SQL`, each held until the adapter disconnects. Its own option `prepare` decides
 * whether they keep prepared statements.
 */
export function bunSql(sql: BunSqlLike): Source {
  const { listen } = sql
  return {
    engine: 'Bun.SQL',
    several: true,
    pooled: true,
    async connect() {
      const reserved = await reserve(sql)
      const send = (text: string, parameters: readonly SqlValue[]): PromiseLike<readonly unknown[]> =>
        reserved.unsafe(text, [...parameters])
      // `query` needs nothing special: Bun has no parsers that an app could change.
      const wire: ReservedWire = new ReservedWire({ run: send, query: send }, (broken) =>
        wire.lost ? undefined : broken ? reserved.close() : reserved.release(),
      )
      return wire
    },
    ...(listen && { listen: (channel, listener) => listenBy({ listen: listen.bind(sql) }, channel, listener) }),
    end: async () => {
      await sql.end()
    },
  }
}

/** A closed `Bun.SQL` and a connection that ends while it is made give the same error. The closed one gives it at once. */
async function reserve(sql: BunSqlLike): Promise<ReservedBunLike> {
  let later = false
  setImmediate(() => {
    later = true
  })
  try {
    return await sql.reserve()
  } catch (error) {
    if (later || (error as { code?: unknown }).code !== 'ERR_POSTGRES_CONNECTION_CLOSED') throw error
    throw endedSql(error)
  }
}
