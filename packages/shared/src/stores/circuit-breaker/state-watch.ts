import { POLL_WITH_NOTIFICATIONS_MS } from '../../connection/change-notifications.js'
import type { Row } from '../../driver/driver.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import type { Statement } from '../../queue/statement.js'
import type { Session } from '../../session/session.js'
import { stateOrNull } from './circuit-row.js'
import type { CircuitSql } from './circuit-sql.js'
import { StateListeners } from './state-listeners.js'

const OPERATION = 'circuitBreaker.subscribe'

/** The parts of a session that a watch needs. */
export type WatchSession = Pick<Session, 'clock' | 'connection' | 'diagnostics' | 'execute' | 'onEnd'>

/** A circuit with listeners here. */
interface Watched {
  listeners: number
  /** Unsubscribes from the database or its owner; call it once. */
  leave: (() => void) | undefined
}

/**
 * Detects changes that other connections make to circuits with listeners here. It polls only while there are listeners, from a
 * timer that does not keep the process alive, and reads circuits only after another connection has committed. If the database
 * sends notifications, it reads a circuit after each, and polls less often, only for changes without a notification, such as a
 * count. If another thread or process owns the database, the owner polls for all of its clients.
 */
export class StateWatch {
  readonly #session: WatchSession
  readonly #listeners: StateListeners
  readonly #readState: Statement<'one'>
  readonly #lastCommit: Statement<'one'> | undefined
  readonly #table: string
  /** ms. */
  readonly #interval: number
  /** By stored key. */
  readonly #watched = new Map<string, Watched>()
  #running = false
  /** The row of `lastCommit` that was read last, as JSON; `undefined` if circuits must be read in any case. */
  #lastCommitSeen: string | undefined
  #cancelTimer: (() => void) | undefined

  constructor(session: WatchSession, sql: CircuitSql, interval: number) {
    this.#session = session
    this.#listeners = session.connection.shared(StateListeners)
    this.#readState = { ...sql.getState, name: OPERATION, background: true }
    this.#table = sql.table
    const pollsItself = session.connection.owner === undefined
    this.#lastCommit = pollsItself && sql.lastCommit ? { ...sql.lastCommit, background: true } : undefined
    this.#interval = interval
    session.onEnd(() => this.#stop())
  }

  /** @returns a function that ends the watch; harmless when called again. */
  watch(stored: string): () => void {
    const watched = this.#watched.get(stored) ?? { listeners: 0, leave: undefined }
    this.#watched.set(stored, watched)
    watched.listeners++
    void this.#begin(stored, watched)
    let watching = true
    return () => {
      if (!watching) return
      watching = false
      if (--watched.listeners > 0) return
      this.#watched.delete(stored)
      watched.leave?.()
      if (this.#watched.size === 0) this.#stop()
    }
  }

  /** Reads the state of the circuit first, because later states are compared with it. */
  async #begin(stored: string, watched: Watched): Promise<void> {
    const first = !this.#running
    this.#running = true
    await this.#guarded(async () => {
      if (first) await this.#sawNewCommit()
      await this.#observe(stored)
    })
    const { owner } = this.#session.connection
    // After the first read, which sets up the tables.
    if (owner === undefined) {
      if (first) this.#schedule()
    } else if (watched.listeners > 0 && this.#running) {
      watched.leave ??= owner.watchCircuit(stored, this.#interval)
    }
    await this.#subscribe(stored, watched)
  }

  /** Call it after the first read, which connects and reads the state with which notified changes are compared. */
  async #subscribe(stored: string, watched: Watched): Promise<void> {
    const { notifications } = this.#session.connection.place
    if (notifications === undefined || watched.leave !== undefined || watched.listeners === 0 || !this.#running) return
    const observe = (): Promise<void> => this.#guarded(() => this.#observe(stored))
    watched.leave = notifications.subscribe('circuit', stored, () => void observe())
    await notifications.settled()
    // Commits since the first read were notified before there was a listener here.
    if (notifications.active && watched.listeners > 0 && this.#running) await observe()
  }

  async #poll(): Promise<void> {
    await this.#guarded(async () => {
      if (await this.#sawNewCommit())
        await Promise.all([...this.#watched.keys()].map((stored) => this.#observe(stored)))
    })
    this.#schedule()
  }

  /** Reads and remembers the last commit. @returns whether it is another one than before, so that circuits may have changed. */
  async #sawNewCommit(): Promise<boolean> {
    if (this.#lastCommit === undefined) return true
    return this.#session.execute(this.#lastCommit, [], (row: Row | undefined) => {
      const known = this.#lastCommitSeen
      this.#lastCommitSeen = JSON.stringify(row)
      return known !== this.#lastCommitSeen
    })
  }

  async #observe(stored: string): Promise<void> {
    // In the decoder and not after the promise, so that this state stays in order with the changes made here.
    await this.#session.execute(this.#readState, [stored], (row) => {
      this.#listeners.observe(stored, stateOrNull(row, this.#table, OPERATION))
    })
  }

  #schedule(): void {
    // If no other connection can reach the database, none can change it.
    if (!this.#running || this.#session.connection.place.location === '') return
    this.#cancelTimer?.()
    const { clock, connection } = this.#session
    const notified = connection.place.notifications?.active === true
    const interval = notified ? Math.max(this.#interval, POLL_WITH_NOTIFICATIONS_MS) : this.#interval
    this.#cancelTimer = clock.setTimer(() => void this.#poll(), interval)
  }

  #stop(): void {
    this.#running = false
    for (const watched of this.#watched.values()) {
      watched.leave?.()
      watched.leave = undefined
    }
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  /** Runs background work: the diagnostics receive its failures, and it continues. */
  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      // The next poll then reads the circuits again.
      this.#lastCommitSeen = undefined
      const code = error instanceof PersistenceError ? error.code : undefined
      if (code === 'CLOSED' || code === 'FILE_REPLACED') this.#stop()
      if (code !== 'CLOSED') this.#session.diagnostics.backgroundError(OPERATION, error)
    }
  }
}
