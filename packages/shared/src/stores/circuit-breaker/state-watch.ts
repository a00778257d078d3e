import { LOOK_BESIDE_NEWS_MS } from '../../connection/news.js'
import type { Row } from '../../driver/driver.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import type { Statement } from '../../queue/statement.js'
import type { Session } from '../../session/session.js'
import { stateOrNull } from './circuit-row.js'
import type { CircuitSql } from './circuit-sql.js'
import { StateListeners } from './state-listeners.js'

const OPERATION = 'circuitBreaker.subscribe'

/** What a watch needs of a session. */
export type WatchSession = Pick<Session, 'clock' | 'connection' | 'diagnostics' | 'execute' | 'atEnd'>

/** A circuit that has listeners here. */
interface Watched {
  listeners: number
  /** Ends what the database, or its owner, tells of it; to be called once. */
  leave: (() => void) | undefined
}

/**
 * Finds the changes that other connections make to circuits that have listeners here. Asks only while there are some,
 * from a timer that does not keep the process alive, and reads nothing while nothing was committed. Where the database
 * tells of changes, it looks then, and less often besides: for what was not told, such as a count. Where another thread or
 * process owns the database, that one looks, for all its users.
 */
export class StateWatch {
  readonly #session: WatchSession
  readonly #listeners: StateListeners
  readonly #look: Statement<'one'>
  readonly #lastCommit: Statement<'one'> | undefined
  readonly #table: string
  /** ms. */
  readonly #interval: number
  /** By stored key. */
  readonly #watched = new Map<string, Watched>()
  #running = false
  #version: unknown
  #cancelTimer: (() => void) | undefined

  constructor(session: WatchSession, sql: CircuitSql, interval: number) {
    this.#session = session
    this.#listeners = session.connection.shared(StateListeners)
    this.#look = { ...sql.getState, name: OPERATION, background: true }
    this.#table = sql.table
    const looksItself = session.connection.owner === undefined
    this.#lastCommit = looksItself && sql.lastCommit ? { ...sql.lastCommit, background: true } : undefined
    this.#interval = interval
    session.atEnd(() => this.#stop())
  }

  /** @returns ends the watching; harmless when repeated. */
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

  /** What a circuit is when the watching begins is what later states are compared with. */
  async #begin(stored: string, watched: Watched): Promise<void> {
    const first = !this.#running
    this.#running = true
    await this.#guarded(async () => {
      if (first) await this.#hasNews()
      await this.#lookAt(stored)
    })
    const { owner } = this.#session.connection
    // After the first look, which sets up the tables.
    if (owner === undefined) {
      if (first) this.#schedule()
    } else if (watched.listeners > 0 && this.#running) {
      watched.leave ??= owner.watchCircuit(stored, this.#interval)
    }
    await this.#followNews(stored, watched)
  }

  /** Not before the first look, which connects: what is told before it is no change. */
  async #followNews(stored: string, watched: Watched): Promise<void> {
    const { news } = this.#session.connection.place
    if (news === undefined || watched.leave !== undefined || watched.listeners === 0 || !this.#running) return
    const look = (): Promise<void> => this.#guarded(() => this.#lookAt(stored))
    watched.leave = news.follow('circuit', stored, () => void look())
    await news.begun()
    // What was committed since the first look was told to nobody.
    if (news.heard && watched.listeners > 0 && this.#running) await look()
  }

  async #poll(): Promise<void> {
    await this.#guarded(async () => {
      if (await this.#hasNews()) await Promise.all([...this.#watched.keys()].map((stored) => this.#lookAt(stored)))
    })
    this.#schedule()
  }

  async #hasNews(): Promise<boolean> {
    if (this.#lastCommit === undefined) return true
    return this.#session.execute(this.#lastCommit, [], (row: Row | undefined) => {
      const known = this.#version
      this.#version = JSON.stringify(row)
      return known !== this.#version
    })
  }

  async #lookAt(stored: string): Promise<void> {
    // Told where the row is decoded, and not after the promise: so it keeps its place among the changes made here.
    await this.#session.execute(this.#look, [stored], (row) => {
      this.#listeners.observe(stored, stateOrNull(row, this.#table, OPERATION))
    })
  }

  #schedule(): void {
    // Where no other connection can reach the database, none can change anything.
    if (!this.#running || this.#session.connection.place.location === '') return
    this.#cancelTimer?.()
    const { clock, connection } = this.#session
    const told = connection.place.news?.heard === true
    const interval = told ? Math.max(this.#interval, LOOK_BESIDE_NEWS_MS) : this.#interval
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

  /** No caller awaits the watching: its failures go to the diagnostics, and it goes on. */
  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      // A change that was not read is reported by the next look.
      this.#version = undefined
      const code = error instanceof PersistenceError ? error.code : undefined
      if (code === 'CLOSED' || code === 'FILE_REPLACED') this.#stop()
      if (code !== 'CLOSED') this.#session.diagnostics.backgroundError(OPERATION, error)
    }
  }
}
