import { randomUUID } from 'node:crypto'
import { hasCode, type PersistenceError } from '../../../errors/persistence-error.js'
import { checkIntegrity } from '../engine/check-integrity.js'
import { enterLog, leaveLog } from './change-log.js'
import { compareSides } from './compare-sides.js'
import { type FollowedTables, followedTables } from './followed-tables.js'
import { FollowerState } from './follower-state.js'
import { copyAnew } from './full-copy.js'
import { Heartbeat } from './heartbeat.js'
import { type Position, readPosition } from './position.js'
import { damagedStandby, promote } from './promote.js'
import { type BusyWait, retryWhileBusy } from './retry-while-busy.js'
import { type Outcome, runRound } from './round.js'
import { lockedAlone, type Source } from './source.js'
import { oneRow, type Sql } from './sql.js'
import type { StandbyState, Verification } from './standby-state.js'

// The process waits at its end for 5 s, and a thread that is at work then makes it abort. Before it leaves, a follower may be in
// a round, whose statement waits for 1 s; and so does the last try to leave.
const LEAVING_MS = { least: 1_000, most: 2_000 }

export interface FollowerOptions {
  /** The connection of the standby, which {@link source} attaches the source to. */
  readonly standby: Sql
  readonly source: Source
  /** With other writers of the source, to begin and to leave. */
  readonly busyWait: BusyWait
  /** Epoch ms. */
  now(): number
  /** Called with every change of the state. */
  tell(state: StandbyState): void
}

/**
 * Keeps a standby at its source. Its methods must be called one at a time, and the standby must not be read while one
 * runs: a round is several statements.
 */
export class Follower {
  readonly #standby: Sql
  readonly #source: Source
  readonly #busyWait: BusyWait
  readonly #now: () => number
  readonly #state: FollowerState
  #tables: FollowedTables = { logged: [], whole: [], stored: new Map(), computed: new Set() }
  readonly #heartbeat: Heartbeat
  /** Whether the log was too short for the last round. */
  #trimmed = false
  /** Whether the source has it entered, and can be told that it leaves. */
  #entered = false
  #beginning = false
  #takenOver = false
  #left = false

  constructor({ standby, source, busyWait, now, tell }: FollowerOptions) {
    this.#standby = standby
    this.#source = source
    this.#busyWait = busyWait
    this.#now = now
    this.#state = new FollowerState(now, tell)
    this.#heartbeat = new Heartbeat(now)
  }

  /** How it is doing now; see also {@link FollowerOptions.tell}. */
  get state(): StandbyState {
    return this.#state.current
  }

  /** Whether rounds go on. */
  get going(): boolean {
    return this.#state.going
  }

  /** Whether the standby is a database of its own now. */
  get takenOver(): boolean {
    return this.#takenOver
  }

  /**
   * Goes on from where the standby is, or makes the first copy.
   *
   * @throws PersistenceError what keeps it from following; `CORRUPT` for a standby that is damaged.
   */
  async begin(): Promise<void> {
    this.#beginning = true
    try {
      await this.#begin()
    } finally {
      this.#beginning = false
    }
  }

  async #begin(): Promise<void> {
    this.#state.position = await readPosition(this.#standby)
    // Nobody knows what was done to a file meanwhile. A takeover is not the time for this.
    if (this.#state.position !== undefined) await this.#refuseDamaged('standby.follow')
    try {
      await this.#source.attach()
    } catch (cause) {
      const error = hasCode(cause, 'BUSY') ? lockedAlone(cause) : cause
      if (this.#state.position === undefined) throw error
      // The source is gone, and this is the moment for which there is a standby.
      return this.#state.end('stopped', (error as Error).message, this.#state.position.seq)
    }
    if (this.#state.position === undefined) return this.#copy(undefined)
    this.#entered = true
    this.#tables = await followedTables(this.#standby, 'main')
    this.#state.change({ position: this.#state.position.seq })
    await this.#look()
  }

  /**
   * Looks for changes once and takes them over. Never rejects: what it cannot go on with is the state afterwards.
   *
   * @returns `BUSY` when a writer was at work for longer than this waits; the next round looks again.
   */
  async round(): Promise<PersistenceError | undefined> {
    try {
      if (this.#state.position === undefined) await this.#copy(this.state.reason)
      else if (await this.#source.mayHaveChanged()) await this.#look()
      else this.#state.checked()
      const position = this.#state.position
      if (!this.going || position === undefined) return undefined
      if (!(await this.#heartbeat.send(this.#source.sql, position))) this.#source.lookAgain()
      return undefined
    } catch (error) {
      this.#source.lookAgain()
      const { code, message } = error as PersistenceError
      if (code === 'BUSY') return error as PersistenceError
      // Where the standby is damaged, that is said already.
      if (!this.going) return undefined
      this.#state.end(code === 'CONSTRAINT' ? 'diverged' : code === 'SCHEMA_NEWER' ? 'lost' : 'stopped', message)
      return undefined
    }
  }

  /** The last change in the source's log now. */
  async head(): Promise<number> {
    return Number((await oneRow(this.#source.sql, 'SELECT max(seq) AS seq FROM go_goscope_changes')).seq)
  }

  /**
   * Compares every cell of both sides, of one moment, and checks the standby itself. What differs without a reason makes it
   * `diverged`, and damage `lost`.
   *
   * @throws PersistenceError `DIVERGED`, `NOT_FOLLOWING`, `CORRUPT`.
   */
  async verify(): Promise<Verification> {
    const { outcome, verification } = await compareSides(
      this.#standby,
      this.#state.usable('standby.verify'),
      this.#tables,
    )
    await this.#settle(outcome)
    if (verification === undefined) return this.verify()
    const { equal, position } = verification
    if (!equal)
      this.#state.end('diverged', `the rows of the standby differ from those of the source at change ${position}`)
    await this.#refuseDamaged('standby.verify')
    return verification
  }

  /**
   * Makes a database of its own of the standby. {@link leave} is left to do then.
   *
   * @param force Also beside a source that is in use.
   * @throws PersistenceError `DIVERGED`, `NOT_FOLLOWING`, `FILE_IN_USE`, `BUSY`, `CORRUPT`; it follows on then.
   */
  async takeOver(force: boolean): Promise<void> {
    if (this.#takenOver) throw this.#state.unusable('standby.takeOver')
    const busy = this.going ? await this.round() : undefined
    if (busy !== undefined) throw busy
    this.#state.usable('standby.takeOver', 'stopped')
    if (this.going && !force) await this.#promoteAlone()
    else await promote(this.#standby, this.#now())
    this.#takenOver = true
    this.#entered = this.going
    this.#state.end('stopped', 'it has taken over')
    // At once: whoever reads the source now must not find it locked. It has taken over, whatever becomes of the source.
    await this.#source.unlock().catch(() => undefined)
    await this.#source.detachFromStandby().catch(() => undefined)
  }

  /** Gives up following. The log goes with the last follower. May be repeated. */
  async leave(): Promise<void> {
    if (this.#left) return
    this.#left = true
    const { reason, state } = this.state
    try {
      await this.#source.unlock()
      if (this.#entered && (this.#takenOver || state !== 'stopped')) {
        const { follower } = this.#state.position as Position
        const busyTimeout = Math.min(Math.max(this.#busyWait.busyTimeout, LEAVING_MS.least), LEAVING_MS.most)
        const busyWait: BusyWait = { ...this.#busyWait, busyTimeout, stopping: () => false }
        // Following has ended, so a second call would do nothing.
        const remedy = 'the log stays in the source until an adapter connects to it after a day'
        await retryWhileBusy('standby.stop', remedy, busyWait, () => leaveLog(this.#source.sql, follower))
      }
    } catch (error) {
      // It has taken over all the same. A log that stays in the source is removed by whoever connects after a day.
      if (!this.#takenOver) throw error
    } finally {
      this.#state.end('stopped', reason ?? 'it was stopped')
      await this.#source.detach()
    }
  }

  /** The last step, with nobody else at the source from the look until the standby is a database of its own. */
  async #promoteAlone(): Promise<void> {
    for (;;) {
      const { seq } = this.#state.usable('standby.takeOver')
      await this.#source.lockExclusively()
      try {
        if ((await this.head()) === seq) return await promote(this.#standby, this.#now())
      } catch (error) {
        await this.#source.unlockAndAttach()
        throw error
      }
      // Somebody has written between the last round and now, and is gone.
      await this.#source.unlockAndAttach()
      await this.round()
    }
  }

  async #look(): Promise<void> {
    await this.#settle(
      await runRound(this.#standby, this.#state.position as Position, this.#tables, (behind) =>
        this.#state.change({ behind }),
      ),
    )
  }

  async #settle(outcome: Outcome): Promise<void> {
    if (outcome.kind === 'diverged') return this.#state.end('diverged', outcome.reason)
    if (outcome.kind === 'copy anew') {
      if (outcome.trimmed && this.#trimmed)
        return this.#state.end('lost', `${outcome.reason}, also after it was copied anew`)
      this.#trimmed = outcome.trimmed
      return this.#copy(outcome.reason)
    }
    this.#trimmed = false
    this.#state.following(outcome.position)
  }

  async #copy(reason: string | undefined): Promise<void> {
    this.#state.change({ state: 'copying', reason, behind: undefined })
    const follower = this.#state.position?.follower ?? randomUUID()
    const enter = (): Promise<number> => enterLog(this.#source.sql, follower, undefined, this.#now())
    // A copy later on is tried again by the next round.
    const remedy = 'try again, or raise busyTimeout'
    const cookie = await (this.#beginning ? retryWhileBusy('standby.follow', remedy, this.#busyWait, enter) : enter())
    try {
      const { position, tables } = await copyAnew(this.#standby, follower, cookie)
      // The whole copy is in the log as well, which would have to be removed by a takeover.
      await this.#standby.query('PRAGMA main.wal_checkpoint(TRUNCATE)')
      await this.#refuseDamaged('standby.follow')
      this.#tables = tables
      this.#entered = true
      this.#state.following(position, reason)
    } catch (error) {
      // Nobody would know of the follower that was entered, and the log would stay for it.
      if (this.#state.position === undefined) await leaveLog(this.#source.sql, follower).catch(() => undefined)
      throw error
    }
  }

  async #refuseDamaged(operation: string): Promise<void> {
    const verdict = await checkIntegrity((text) => this.#standby.query(text))
    if (verdict === 'ok') return
    const error = damagedStandby(operation, verdict)
    this.#state.end('lost', error.message)
    throw error
  }
}
