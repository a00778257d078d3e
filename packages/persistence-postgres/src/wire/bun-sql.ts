import type { Row, SqlValue } from '@go-go-scope/persistence-core/dialect'
import { endedSql } from '../sql/error-codes.js'
import { type ListensLike, listenBy, ReservedWire } from './reserved.js'
import { namesIn, type Transforms } from './transforms.js'
import type { Source } from './wire.js'

/** One connection reserved from the pool of a `Bun.SQL`. */
export interface ReservedBunLike {
  unsafe(sql: string, parameters: unknown[]): PromiseLike<readonly unknown[]>
  release(): unknown
  /** Ends the connection. */
  close(): PromiseLike<unknown>
  /** Throws if the connection has ended. */
  flush(): unknown
}

/** The members of a `Bun.SQL` that are used here. */
export interface BunSqlLike extends Partial<ListensLike> {
  reserve(): PromiseLike<ReservedBunLike>
  unsafe(sql: string, parameters?: unknown[]): PromiseLike<readonly unknown[]>
  /** Distinguishes it from the `sql` of other libraries. */
  commitDistributed: unknown
  readonly options?: object
  end(): PromiseLike<unknown>
}

/**
 * Returns the connections of the app's `Bun.SQL`, each held until the adapter disconnects. Its own option `prepare` decides
 * whether they keep prepared statements.
 */
export function bunSql(sql: BunSqlLike): Source {
  const { listen } = sql
  const { transform } = (sql.options ?? {}) as { transform?: Transforms }
  const rowsOf = transform?.column?.from && untransformed(transform)
  return {
    engine: 'Bun.SQL',
    several: true,
    pooled: true,
    async connect() {
      const reserved = await reserve(sql)
      const send = (text: string, parameters: readonly SqlValue[]): PromiseLike<readonly unknown[]> =>
        reserved.unsafe(text, [...parameters])
      const run = rowsOf && (async (text: string, given: readonly SqlValue[]) => rowsOf(text, await send(text, given)))
      const wire: ReservedWire = new ReservedWire(
        { run: run ?? send, query: send },
        (broken) => (wire.lost ? undefined : broken ? reserved.close() : reserved.release()),
        () => hasEnded(reserved),
      )
      return wire
    },
    ...(listen && { listen: (channel, listener) => listenBy({ listen: listen.bind(sql) }, channel, listener) }),
    end: async () => {
      await sql.end()
    },
  }
}

/** Returns a function that undoes in the rows of our statements what the app's `transform` did to the names of columns. */
function untransformed(transform: Transforms): (sql: string, rows: readonly unknown[]) => readonly unknown[] {
  const known = new Map<string, ReadonlyMap<string, string>>()
  return (sql, rows) => {
    const names = known.get(sql) ?? namesIn(sql, transform)
    known.set(sql, names)
    const renamed = ([name, value]: [string, unknown]): [string, unknown] => [names.get(name) ?? name, value]
    return rows.map((row) => Object.fromEntries(Object.entries(row as Row).map(renamed)))
  }
}

/** Returns whether Bun has noticed the end of the connection. The error of a statement would not tell whether it was sent. */
function hasEnded(reserved: ReservedBunLike): boolean {
  try {
    reserved.flush()
    return false
  } catch {
    // It throws for no other reason.
    return true
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
