import type { Connection, EndsWithConnection } from '../../connection/connection.js'
import type { PersistenceError } from '../../errors/persistence-error.js'
import { type Clock, inNextTurn } from '../../time/clock.js'
import { tell } from '../wire/protocol.js'
import { writeError } from '../wire/wire-error.js'
import type { ServedClient } from './served-client.js'

// So that a user that sends much holds up neither the others nor the event loop.
const MOST_IN_TURN = 1_000
const LONGEST_IN_TURN_MS = 10
const CALLS_BETWEEN_LOOKS = 32
// A statement cannot be left before its end.
const MOST_TOGETHER = 256

/**
 * The users of one connection take turns. What comes within one turn of the event loop is gathered until its end, so that
 * calls of several users and of the owner share statements and commits: their messages come one by one.
 */
export class ServedTurns implements EndsWithConnection {
  readonly #clock: Clock
  readonly #clients = new Set<ServedClient>()
  readonly #atEnd = new Set<() => void>()
  #gathering = false

  constructor({ clock }: Connection) {
    this.#clock = clock
  }

  enter(client: ServedClient): void {
    this.#clients.add(client)
  }

  leave(client: ServedClient): void {
    this.#clients.delete(client)
  }

  /** Has `ending` called when the connection ends. @returns withdraws that. */
  atEnd(ending: () => void): () => void {
    this.#atEnd.add(ending)
    return () => void this.#atEnd.delete(ending)
  }

  lost(reason: PersistenceError): void {
    for (const client of this.#clients) client.say(tell.lost, writeError(reason))
  }

  ending(): void {
    for (const end of [...this.#atEnd]) end()
  }

  /** Something has come for a client. */
  gather(): void {
    if (this.#gathering) return
    this.#gathering = true
    inNextTurn(() => this.run())
  }

  /** Serves what has come. */
  run(): void {
    this.#gathering = false
    let left = false
    for (const client of this.#clients) {
      this.#serve(client)
      left ||= client.ready
    }
    for (const client of this.#clients) client.flush()
    if (left) this.gather()
  }

  #serve(client: ServedClient): void {
    const end = this.#clock.monotonic() + LONGEST_IN_TURN_MS
    let look = CALLS_BETWEEN_LOOKS
    for (let done = 0; client.ready && done < MOST_IN_TURN; ) {
      done += client.runNext(MOST_TOGETHER)
      if (done < look) continue
      if (this.#clock.monotonic() >= end) break
      look = done + CALLS_BETWEEN_LOOKS
    }
  }
}
