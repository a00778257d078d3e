import type { Connection, EndsWithConnection } from '../connection/connection.js'
import type { PersistenceError } from '../errors/persistence-error.js'
import { type Clock, systemClock } from '../time/clock.js'
import { tell } from './protocol.js'
import { ReturningWriters } from './returning-writers.js'
import type { ServedClient } from './served-client.js'
import { writeError } from './wire-error.js'

// So that a user that sends much holds up neither the others nor the event loop.
const MOST_IN_TURN = 1_000
const LONGEST_IN_TURN_MS = 10
const CALLS_BETWEEN_LOOKS = 32

/**
 * The users of one connection take turns. What comes within one turn of the event loop is gathered until its end, so that
 * calls of several users and of the owner share statements and commits: their messages come one by one.
 */
export class ServedTurns implements EndsWithConnection {
  readonly #connection: Connection
  readonly #clock: Clock
  /** Of the disk's pace. Never the app's: writes that wait for others would wait until a test moves its clock. */
  readonly #pacing: Clock
  readonly #clients = new Set<ServedClient>()
  readonly #atEnd = new Set<() => void>()
  readonly writers: ReturningWriters
  #gathering = false
  #stopHolding: (() => void) | undefined

  constructor(connection: Connection, pacing: Clock = systemClock) {
    this.#connection = connection
    this.#clock = connection.clock
    this.#pacing = pacing
    this.writers = new ReturningWriters(pacing)
  }

  enter(client: ServedClient): void {
    this.#clients.add(client)
  }

  leave(client: ServedClient): void {
    this.#clients.delete(client)
    this.writers.leave(client.writer)
    if (this.#stopHolding !== undefined) this.gather()
  }

  /** Has `ending` called when the connection ends. */
  atEnd(ending: () => void): void {
    this.#atEnd.add(ending)
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
    setImmediate(() => this.#run())
  }

  #run(): void {
    this.#gathering = false
    const held = this.#holdWrites()
    let left = false
    for (const client of this.#clients) {
      if (held && client.writing) continue
      this.#serve(client)
      left ||= client.ready
    }
    for (const client of this.#clients) client.flush()
    if (left) this.gather()
  }

  /** @returns whether users that write wait for others that are about to write, too. */
  #holdWrites(): boolean {
    const { place, owner } = this.#connection
    // In memory a commit costs little; where the owner is a user itself, its owner waits.
    const isOnFile = place.identity !== undefined && owner === undefined
    if (isOnFile && this.writers.worthAWait && [...this.#clients].some(({ ready, writing }) => ready && writing)) {
      const goOn = (): void => {
        this.#stopHolding = undefined
        this.writers.giveUp()
        this.gather()
      }
      this.#stopHolding ??= this.#pacing.setTimer(goOn, this.writers.limit, { keepAlive: true })
      return true
    }
    this.#stopHolding?.()
    this.#stopHolding = undefined
    return false
  }

  #serve(client: ServedClient): void {
    const end = this.#clock.monotonic() + LONGEST_IN_TURN_MS
    for (let done = 1; client.ready && done <= MOST_IN_TURN; done++) {
      client.runNext()
      if (done % CALLS_BETWEEN_LOOKS === 0 && this.#clock.monotonic() >= end) return
    }
  }
}
