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
// So that users who come in turns, one after the other, do not count as alone.
const TURNS_ALONE = 8
// A piece of fewer reads costs more, in messages and statements, than is won; a statement takes no more (sync-queue.ts).
const PIECE_OF_READS = { least: 48, most: 256 }

/**
 * The users of one connection take turns. What comes within one turn of the event loop is gathered until its end, so that
 * calls of several users and of the owner share statements and commits: their messages come one by one.
 *
 * A thread that has been alone, and has only read, has its reads begun in pieces, each in a turn of its own. Callers that
 * make the next call when they have the answer to the last one would else send all of them in one message and get all
 * answers in one, and of the two threads one would always wait for the other. With pieces, the user works with the answers
 * of one while the owner runs the next. Several users keep the owner busy as it is, writes would need a commit for each
 * piece, and a message to a process costs what a piece would win.
 */
export class ServedTurns implements EndsWithConnection {
  readonly #clock: Clock
  readonly #clients = new Set<ServedClient>()
  readonly #atEnd = new Set<() => void>()
  #gathering = false
  /** The user that was served first in the last turn, and for how many turns it was the only one and only read. */
  #reader: ServedClient | undefined
  #turnsAlone = 0

  constructor({ clock }: Connection) {
    this.#clock = clock
  }

  enter(client: ServedClient): void {
    this.#clients.add(client)
  }

  leave(client: ServedClient): void {
    this.#clients.delete(client)
    if (this.#reader === client) this.#reader = undefined
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
    const ready = [...this.#clients].filter((client) => client.ready)
    const [first] = ready
    if (ready.length !== 1 || first !== this.#reader) this.#turnsAlone = 0
    this.#reader = first
    const inPieces = this.#turnsAlone++ >= TURNS_ALONE && first?.isThread
    let left = false
    for (const client of ready) {
      const read = this.#serve(client, inPieces ? pieceOf(client.waiting) : MOST_IN_TURN)
      if (!read) this.#turnsAlone = 0
      left ||= client.ready
    }
    for (const client of this.#clients) client.flush()
    if (left) this.gather()
  }

  /** @param piece How many it may begin if they are reads. @returns whether it has only read. */
  #serve(client: ServedClient, piece: number): boolean {
    const end = this.#clock.monotonic() + LONGEST_IN_TURN_MS
    let reads = true
    let look = CALLS_BETWEEN_LOOKS
    for (let done = 0; client.ready && done < MOST_IN_TURN; ) {
      reads &&= client.readsNext
      done += client.runNext(Math.min((reads ? piece : MOST_IN_TURN) - done, PIECE_OF_READS.most))
      if (reads && done >= piece) break
      if (done < look) continue
      if (this.#clock.monotonic() >= end) break
      look = done + CALLS_BETWEEN_LOOKS
    }
    return reads
  }
}

/** How many of so many reads make a piece: about half of them. */
function pieceOf(reads: number): number {
  const { least, most } = PIECE_OF_READS
  return reads < 2 * least ? reads : Math.min(reads >> 1, most)
}
