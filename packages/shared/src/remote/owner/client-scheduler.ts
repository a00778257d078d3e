import type { Connection } from '../../connection/connection.js'
import type { EndsWithConnection } from '../../connection/shared-states.js'
import type { PersistenceError } from '../../errors/persistence-error.js'
import { type Clock, inNextTurn } from '../../time/clock.js'
import { ownerOp } from '../wire/protocol.js'
import { writeError } from '../wire/wire-error.js'
import type { ServedClient } from './served-client.js'

// Limits per client and turn of the event loop, so that a client that sends much delays neither the others nor the loop.
const MAX_COMMANDS_PER_TURN = 1_000
const MAX_MS_PER_TURN = 10
const COMMANDS_BETWEEN_CLOCK_READS = 32
// A statement cannot be interrupted.
const MAX_COMMANDS_PER_STATEMENT = 256

/**
 * Runs the commands of all clients of one connection, round robin. Commands that arrive within one turn of the event loop run
 * at its end, so that calls of several clients and of the owner share statements and commits: their messages arrive one by one.
 */
export class ClientScheduler implements EndsWithConnection {
  readonly #clock: Clock
  readonly #clients = new Set<ServedClient>()
  readonly #onEnd = new Set<() => void>()
  #scheduled = false

  constructor({ clock, owner }: Connection) {
    this.#clock = clock
    // Clients of a client must learn that the owner of the database has gone.
    owner?.onGone(() => this.ending())
  }

  add(client: ServedClient): void {
    this.#clients.add(client)
  }

  remove(client: ServedClient): void {
    this.#clients.delete(client)
  }

  /** Calls `ending` when the connection ends. @returns withdraws that. */
  onEnd(ending: () => void): () => void {
    this.#onEnd.add(ending)
    return () => void this.#onEnd.delete(ending)
  }

  lost(reason: PersistenceError): void {
    for (const client of this.#clients) client.notify(ownerOp.lost, writeError(reason))
  }

  ending(): void {
    for (const end of [...this.#onEnd]) end()
  }

  /** Schedules a {@link run}: a client has commands that may run. */
  schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    inNextTurn(() => this.run())
  }

  /** Runs the commands that have arrived, up to the limits of a turn. */
  run(): void {
    this.#scheduled = false
    let left = false
    for (const client of this.#clients) {
      this.#runCommandsOf(client)
      left ||= client.ready
    }
    for (const client of this.#clients) client.flush()
    if (left) this.schedule()
  }

  #runCommandsOf(client: ServedClient): void {
    const end = this.#clock.monotonic() + MAX_MS_PER_TURN
    let nextClockRead = COMMANDS_BETWEEN_CLOCK_READS
    for (let done = 0; client.ready && done < MAX_COMMANDS_PER_TURN; ) {
      done += client.runNext(MAX_COMMANDS_PER_STATEMENT)
      if (done < nextClockRead) continue
      if (this.#clock.monotonic() >= end) break
      nextClockRead = done + COMMANDS_BETWEEN_CLOCK_READS
    }
  }
}
