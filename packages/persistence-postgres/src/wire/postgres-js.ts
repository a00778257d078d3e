import { type ListensLike, listenBy, ReservedWire } from './reserved.js'
import type { Source } from './wire.js'

/** One connection of `postgres`, taken from its pool. */
export interface ReservedLike {
  unsafe(sql: string, parameters: never[], options: { prepare: boolean }): PromiseLike<readonly unknown[]>
  release(): unknown
}

/** The few methods of an `sql` of `postgres` (postgres.js) that are used here. */
export interface PostgresJsLike extends ListensLike {
  reserve(): PromiseLike<ReservedLike>
  end(): PromiseLike<unknown>
  unsafe(sql: string, parameters?: never[]): PromiseLike<readonly unknown[]>
}

/** Connections of the app's `sql`, each held until the adapter disconnects. */
export function postgresJs(sql: PostgresJsLike): Source {
  return {
    engine: 'postgres',
    several: true,
    async connect() {
      const reserved = await sql.reserve()
      return new ReservedWire(
        (text, parameters, prepare) => reserved.unsafe(text, [...parameters] as never[], { prepare }),
        () => reserved.release(),
      )
    },
    listen: (channel, ear) => listenBy(sql, channel, ear),
    end: async () => {
      await sql.end()
    },
  }
}
