import type { Connection, EndsWithConnection } from '../../connection/connection.js'
import type { Session } from '../../session/session.js'
import type { Clock } from '../../time/clock.js'
import { HoldTable } from './hold-table.js'

interface Place {
  readonly table: HoldTable
  users: number
}

// More than the one place that each enter adds, so that abandoned tables are all looked at in turn.
const VISITS_PER_ENTER = 2

/**
 * The hold tables of one engine handle, one per name: a kind of lock and a key prefix. A table goes when no adapter uses it and
 * nothing in it is held: an app may give every request an adapter with a prefix of its own.
 */
export class HoldTables implements EndsWithConnection {
  readonly #clock: Clock
  readonly #places = new Map<string, Place>()
  /** Tables that nobody uses, with holds that last. */
  readonly #abandoned = new Set<Place>()
  /** Begins the owners made up for locks in memory. */
  readonly identity: string

  constructor({ clock, random }: Connection) {
    this.#clock = clock
    this.identity = Math.floor(random() * 2 ** 48).toString(36)
  }

  /** The table of the locks of `kind` under the prefix of `session`, until that has ended. */
  static of(session: Session, kind: string): HoldTable {
    const tables = session.connection.shared(HoldTables)
    const name = `${kind}:${session.prefix}`
    session.afterEnd(() => tables.leave(name))
    return tables.enter(name)
  }

  /** How many tables there are. */
  get size(): number {
    return this.#places.size
  }

  /** The table of that name, until {@link leave}. */
  enter(name: string): HoldTable {
    this.#visitAbandoned()
    const place = this.#places.get(name) ?? { table: new HoldTable(this.#clock), users: 0 }
    this.#places.set(name, place)
    this.#abandoned.delete(place)
    place.table.onEmpty = undefined
    place.users++
    return place.table
  }

  leave(name: string): void {
    const place = this.#places.get(name)
    if (place === undefined || --place.users > 0) return
    if (place.table.size === 0) {
      this.#places.delete(name)
      return
    }
    this.#abandoned.add(place)
    place.table.onEmpty = () => {
      this.#abandoned.delete(place)
      this.#places.delete(name)
    }
  }

  /** Ends every lease, because nothing guards or extends them after this. */
  ended(): void {
    for (const { table } of [...this.#places.values()]) {
      table.dropAll('the adapter that granted the lock was disconnected')
    }
  }

  /** Ends what has expired in tables that no grant visits any more. */
  #visitAbandoned(): void {
    const places = this.#abandoned.values()
    for (let visits = 0; visits < VISITS_PER_ENTER; visits++) {
      const place = places.next().value
      if (place === undefined) return
      // To the end of the line.
      this.#abandoned.delete(place)
      this.#abandoned.add(place)
      place.table.visit()
    }
  }
}
