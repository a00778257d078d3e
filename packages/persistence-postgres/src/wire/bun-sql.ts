import type { SqlValue } from '@go-go-scope/persistence-core/dialect'
import { endedSql } from '../sql/error-codes.js'
import { type ListensLike, listenBy, ReservedWire } from './reserved.js'
import type { Source } from './wire.js'

/** One connection of a `Bun.SQL`, taken from its pool. */
export interface ReservedBunLike {
  unsafe(sql: string, parameters: unknown[]): PromiseLike<readonly unknown[]>
  release(): unknown
  /** Ends it. */
  close(): PromiseLike<unknown>
}

/** The few methods of a `Bun.SQL` that are used here. */
export interface BunSqlLike extends Partial<ListensLike> {
  reserve(): PromiseLike<ReservedBunLike>
  unsafe(sql: string, parameters?: unknown[]): PromiseLike<readonly unknown[]>
  /** Tells it from the `sql` of other libraries. */
  commitDistributed: unknown
  end(): PromiseLike<unknown>
}

/**
 * Connections of the app's `Bun.SQL`, each held until the adapter disconnects. Whether they keep statements prepared is
 * decided where it is made, by its own option `prepare`.
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
      // It has no parsers that an app could change.
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

/** One that was closed says so at once; a connection that ends while it is made says the same, later. */
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
