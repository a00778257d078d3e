import type { Sweeper } from '../../session/sweeper.js'
import { type Clock, nextTurn } from '../../time/clock.js'
import type { Turn } from '../../time/turn.js'
import { expiryOf, grantedAnew, type Hold, moveExpiry } from './hold.js'
import type { HoldTable } from './hold-table.js'
import { HoldTables } from './hold-tables.js'
import { anybodyWaits, wakeLine } from './lock-line.js'
import type { LockManager, LockSession } from './lock-manager.js'

/** Of calls that have waited for so many turns of the event loop, one comes through in each, also where others use it up. */
const PATIENT_TURNS = 4

/** Counts the grants of this process: on a global symbol, because a process may have installed this package twice. */
const GRANTS = Symbol.for('go-go-scope.persistence.grants/1')
const host = globalThis as { [GRANTS]?: { count: number } }
host[GRANTS] ??= { count: 0 }
const grants: { count: number } = host[GRANTS]

/**
 * Locks in memory: they protect this process, among all adapters on one handle and prefix, and nothing beyond it. A lease
 * is judged by the monotonic clock: a jump of the wall clock neither ends nor revives one.
 */
export class MemoryLockManager implements LockManager {
  readonly clock: Clock
  readonly kind = 'process'
  readonly sweepers: readonly Sweeper[] = []
  readonly #session: LockSession
  readonly #holds: HoldTable
  readonly #ownerPrefix: string
  readonly #turn: Turn
  /** The number of the last turn in which a call came through that had waited. */
  #passedIn = 0
  #told = false

  constructor(session: LockSession) {
    this.#session = session
    this.clock = session.clock
    this.#turn = session.clock.turn
    this.#holds = HoldTables.of(session, 'process')
    this.#ownerPrefix = session.connection.shared(HoldTables).ownerPrefix
  }

  get held(): number {
    return this.#holds.size
  }

  now(): number {
    return this.clock.now()
  }

  /** Made up from the token where the caller gave none, so that a hold need not store it. */
  ownerOf(hold: Hold): string {
    return hold.owner ?? `${this.#ownerPrefix}-${hold.token}`
  }

  pause(): Promise<void> | undefined {
    return this.#turn.seemsLong() ? this.#untilLaterTurn() : undefined
  }

  async #untilLaterTurn(): Promise<void> {
    for (let turns = 1; ; turns++) {
      await nextTurn()
      // Of many that wait the first may have used up the turn.
      if (!this.#turn.isLong()) break
      // So may a loop of other calls, each time again.
      if (turns >= PATIENT_TURNS && this.#passedIn !== this.#turn.number) break
    }
    this.#passedIn = this.#turn.number
  }

  acquire(key: string, ttl: number, owner: string | undefined): Hold | undefined {
    const now = this.clock.monotonic()
    const held = this.#holds.get(key)
    if (held !== undefined) {
      if (held.expiresAt > now) {
        if (owner === undefined || this.ownerOf(held) !== owner) return undefined
        held.count++
        if (now + ttl > held.expiresAt) moveExpiry(held, now + ttl)
        return held
      }
      this.#holds.end(held, grantedAnew(key))
    }
    const hold: Hold = { key, token: ++grants.count, owner, expiresAt: now + ttl, count: 1, lease: undefined }
    this.#holds.add(hold)
    if (!this.#told) {
      this.#told = true
      this.#session.connection.place.lockedInMemory()
    }
    return hold
  }

  isHeld(hold: Hold): boolean {
    return this.#holds.find(hold.key) === hold
  }

  extend(hold: Hold, ttl: number): boolean {
    if (!this.isHeld(hold)) return false
    const expiresAt = this.clock.monotonic() + ttl
    const isSooner = expiresAt < hold.expiresAt
    moveExpiry(hold, expiresAt)
    if (isSooner && anybodyWaits()) wakeLine(this.lineOf(hold.key))
    return true
  }

  extendOwned(key: string, owner: string, ttl: number): boolean {
    const hold = this.#session.ready ? this.#holds.find(key) : undefined
    if (hold === undefined || this.ownerOf(hold) !== owner) return false
    return this.extend(hold, ttl)
  }

  release(hold: Hold): boolean {
    if (!this.isHeld(hold)) {
      // Nobody may have found that it was lost.
      if (this.#holds.get(hold.key) === hold) this.#holds.lose(hold, expiryOf(hold.key))
      return false
    }
    this.#holds.release(hold)
    if (anybodyWaits()) wakeLine(this.lineOf(hold.key))
    return true
  }

  forceRelease(key: string): void {
    this.#holds.drop(key, `lock ${JSON.stringify(key)} was force-released`)
    if (anybodyWaits()) wakeLine(this.lineOf(key))
  }

  lineOf(key: string): string {
    return `${this.#holds.name}:${key}`
  }

  freeIn(key: string): number {
    const hold = this.#holds.find(key)
    return hold === undefined ? 0 : hold.expiresAt - this.clock.monotonic()
  }
}
