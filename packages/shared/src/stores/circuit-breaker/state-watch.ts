import { GET_STATE } from '../../dialects/sqlite/statements/circuits.js'
import type { Row } from '../../driver/driver.js'
import { classify } from '../../errors/classify.js'
import type { Statement } from '../../queue/statement.js'
import type { Session } from '../../session/session.js'
import { stateOrNull } from './circuit-row.js'

/** Changes when another connection has committed; commits of this one leave it alone. */
const DATA_VERSION: Statement<'one'> = {
  name: 'circuitBreaker.subscribe',
  kind: 'read',
  rows: 'one',
  clocked: false,
  sql: 'PRAGMA data_version',
  background: true,
}
const LOOK: Statement<'one'> = { ...GET_STATE, background: true }

/**
 * Finds the changes that other connections make to circuits somebody here listens to. Asks only while somebody does, from
 * a timer that does not keep the process alive, and reads nothing while nothing was committed.
 */
export class StateWatch {
  readonly #session: Session
  /** ms. */
  readonly #interval: number
  /** Listeners by stored key. */
  readonly #watched = new Map<string, number>()
  #running = false
  #version: unknown
  #cancelTimer: (() => void) | undefined

  constructor(session: Session, interval: number) {
    this.#session = session
    this.#interval = interval
    session.atEnd(() => this.#stop())
  }

  /** @returns ends the watching; harmless when repeated. */
  watch(stored: string): () => void {
    this.#watched.set(stored, (this.#watched.get(stored) ?? 0) + 1)
    void this.#begin(stored)
    let watching = true
    return () => {
      if (!watching) return
      watching = false
      const left = (this.#watched.get(stored) ?? 1) - 1
      if (left > 0) this.#watched.set(stored, left)
      else this.#watched.delete(stored)
      if (this.#watched.size === 0) this.#stop()
    }
  }

  /** What a circuit is when the watching begins is what later states are compared with. */
  async #begin(stored: string): Promise<void> {
    const first = !this.#running
    this.#running = true
    await this.#guarded(async () => {
      if (first) await this.#hasNews()
      await this.#look(stored)
    })
    if (first) this.#schedule()
  }

  async #poll(): Promise<void> {
    await this.#guarded(async () => {
      if (await this.#hasNews()) await Promise.all([...this.#watched.keys()].map((stored) => this.#look(stored)))
    })
    this.#schedule()
  }

  async #hasNews(): Promise<boolean> {
    if (!this.#session.ready) await this.#session.connect('circuitBreaker.subscribe')
    return this.#session.execute(DATA_VERSION, [], (row: Row | undefined) => {
      const known = this.#version
      this.#version = row?.data_version
      return known !== this.#version
    })
  }

  async #look(stored: string): Promise<void> {
    if (!this.#session.ready) await this.#session.connect('circuitBreaker.subscribe')
    // Told where the row is decoded, and not after the promise: so it keeps its place among the changes made here.
    await this.#session.execute(LOOK, [stored], (row) => {
      this.#session.stateListeners.observe(stored, stateOrNull(row))
    })
  }

  #schedule(): void {
    // In a database in memory nobody else can change anything.
    if (!this.#running || this.#session.connection.file === '') return
    this.#cancelTimer?.()
    this.#cancelTimer = this.#session.clock.setTimer(() => void this.#poll(), this.#interval)
  }

  #stop(): void {
    this.#running = false
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  /** Nobody awaits the watching: its failures go to the diagnostics, and it goes on. */
  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      // What was not read is news still.
      this.#version = undefined
      const reason = classify(error, 'circuitBreaker.subscribe')
      if (reason.code === 'CLOSED' || reason.code === 'FILE_REPLACED') this.#stop()
      if (reason.code !== 'CLOSED') this.#session.diagnostics.backgroundError('circuitBreaker.subscribe', reason)
    }
  }
}
