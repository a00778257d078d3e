import { randomUUID } from 'node:crypto'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { enterLog, leaveLog } from './change-log.js'
import { compareSides } from './compare-sides.js'
import { type FollowedTables, followedTables } from './followed-tables.js'
import { copyAnew } from './full-copy.js'
import { type Position, readPosition } from './position.js'
import { Presence } from './presence.js'
import { promote } from './promote.js'
import { type Outcome, runRound } from './round.js'
import type { Source } from './source.js'
import { oneRow, type Sql } from './sql.js'
import { BEFORE_THE_FIRST_COPY, type StandbyState, type Verification } from './standby-state.js'

const TELL_EVERY_MS = 100

export interface FollowerOptions {
  /** The connection of the standby, which {@link source} attaches the source to. */
  readonly standby: Sql
  readonly source: Source
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
  readonly #now: () => number
  readonly #tell: (state: StandbyState) => void
  /** How it is doing now; see also {@link FollowerOptions.tell}. */
  state: StandbyState = BEFORE_THE_FIRST_COPY
  #position: Position | undefined
  #tables: FollowedTables = { logged: [], whole: [], stored: new Map() }
  readonly #presence: Presence
  /** Whether the log was too short for the last round. */
  #trimmed = false

  constructor({ standby, source, now, tell }: FollowerOptions) {
    this.#standby = standby
    this.#source = source
    this.#now = now
    this.#tell = tell
    this.#presence = new Presence(now)
  }

  /** Whether rounds go on. */
  get going(): boolean {
    return this.state.state === 'copying' || this.state.state === 'following'
  }

  /** Goes on from where the standby is, or makes the first copy. @throws PersistenceError what keeps it from following. */
  async begin(): Promise<void> {
    this.#position = await readPosition(this.#standby)
    try {
      await this.#source.attach()
    } catch (error) {
      if (this.#position === undefined) throw error
      // The source is gone, and this is the moment for which there is a standby.
      return this.#end('stopped', (error as Error).message, this.#position.seq)
    }
    if (this.#position === undefined) return this.#copy(undefined)
    this.#tables = await followedTables(this.#standby, 'main')
    this.#change({ position: this.#position.seq })
    await this.#look()
  }

  /**
   * Looks for changes once and takes them over. Never rejects: what it cannot go on with is the state afterwards.
   *
   * @returns `BUSY` when a writer was at work for longer than this waits; the next round looks again.
   */
  async round(): Promise<PersistenceError | undefined> {
    try {
      if (this.#position === undefined) await this.#copy(this.state.reason)
      else if (await this.#source.mayHaveChanged()) await this.#look()
      else this.#checked()
      const position = this.#position
      if (!this.going || position === undefined) return undefined
      if (!(await this.#presence.tell(this.#source.sql, position))) this.#source.lookAgain()
      return undefined
    } catch (error) {
      this.#source.lookAgain()
      const { code, message } = error as PersistenceError
      if (code === 'BUSY') return error as PersistenceError
      this.#end(code === 'CONSTRAINT' ? 'diverged' : code === 'SCHEMA_NEWER' ? 'lost' : 'stopped', message)
      return undefined
    }
  }

  /** The last change in the source's log now. */
  async head(): Promise<number> {
    return Number((await oneRow(this.#source.sql, 'SELECT max(seq) AS seq FROM go_goscope_changes')).seq)
  }

  /** Compares every cell of both sides, of one moment. What differs without a reason makes it `diverged`. */
  async verify(): Promise<Verification> {
    const { outcome, verification } = await compareSides(this.#standby, this.#usable('standby.verify'), this.#tables)
    await this.#settle(outcome)
    if (verification === undefined) return this.verify()
    const { equal, position } = verification
    if (!equal) this.#end('diverged', `the rows of the standby differ from those of the source at change ${position}`)
    return verification
  }

  /**
   * Makes a database of its own of the standby.
   *
   * @param force Also beside a source that is in use.
   * @throws PersistenceError `DIVERGED`, `NOT_FOLLOWING`, `FILE_IN_USE`, `BUSY`, `CORRUPT`; it follows on then.
   */
  async takeOver(force: boolean): Promise<void> {
    const busy = this.going ? await this.round() : undefined
    if (busy !== undefined) throw busy
    const { follower } = this.#usable('standby.takeOver', 'stopped')
    const reachable = this.going
    if (reachable && !force) await this.#promoteAlone()
    else await promote(this.#standby, this.#now())
    this.#end('stopped', 'it has taken over')
    try {
      await this.#source.share()
      if (reachable) await leaveLog(this.#source.sql, follower)
      await this.#source.detach()
    } catch {
      // It has taken over all the same. A log that stays in the source is removed by whoever connects after a day.
    }
  }

  /** Gives up following. The log goes with the last follower. */
  async leave(): Promise<void> {
    const { reason } = this.state
    try {
      if (this.#position !== undefined && this.state.state !== 'stopped') {
        await leaveLog(this.#source.sql, this.#position.follower)
      }
    } finally {
      this.#end('stopped', reason ?? 'it was stopped')
      await this.#source.detach()
    }
  }

  /** The last step, with nobody else at the source from the look until the standby is a database of its own. */
  async #promoteAlone(): Promise<void> {
    for (;;) {
      const { seq } = this.#usable('standby.takeOver')
      await this.#source.takeForOneself()
      try {
        if ((await this.head()) === seq) return await promote(this.#standby, this.#now())
      } catch (error) {
        await this.#source.share()
        throw error
      }
      // Somebody has written between the last round and now, and is gone.
      await this.#source.share()
      await this.round()
    }
  }

  async #look(): Promise<void> {
    await this.#settle(
      await runRound(this.#standby, this.#position as Position, this.#tables, (behind) => this.#change({ behind })),
    )
  }

  async #settle(outcome: Outcome): Promise<void> {
    if (outcome.kind === 'diverged') return this.#end('diverged', outcome.reason)
    if (outcome.kind === 'copy anew') {
      if (outcome.trimmed && this.#trimmed) return this.#end('lost', `${outcome.reason}, also after it was copied anew`)
      this.#trimmed = outcome.trimmed
      return this.#copy(outcome.reason)
    }
    this.#trimmed = false
    this.#follow(outcome.position)
  }

  async #copy(reason: string | undefined): Promise<void> {
    this.#change({ state: 'copying', reason, behind: undefined })
    const follower = this.#position?.follower ?? randomUUID()
    const cookie = await enterLog(this.#source.sql, follower, undefined, this.#now())
    try {
      const { position, tables } = await copyAnew(this.#standby, follower, cookie)
      this.#tables = tables
      this.#follow(position, reason)
    } catch (error) {
      // Nobody would know of the follower that was entered, and the log would stay for it.
      if (this.#position === undefined) await leaveLog(this.#source.sql, follower).catch(() => undefined)
      throw error
    }
  }

  #follow(position: Position, reason = this.state.reason): void {
    this.#position = position
    this.#change({ state: 'following', reason, position: position.seq, behind: 0, checkedAt: this.#now() })
  }

  #usable(operation: string, or?: 'stopped'): Position {
    const { state, reason } = this.state
    const position = this.#position
    if (position !== undefined && (state === 'following' || state === or)) return position
    throw new PersistenceError(
      state === 'diverged' ? 'DIVERGED' : 'NOT_FOLLOWING',
      operation,
      `${operation}: the standby is ${state}${reason === undefined ? '' : ` (${reason})`}; follow the source anew into another target`,
    )
  }

  /** Nothing has changed, as at most looks. */
  #checked(): void {
    const now = this.#now()
    if (now - (this.state.checkedAt ?? 0) >= TELL_EVERY_MS) this.#change({ checkedAt: now })
  }

  #end(state: 'diverged' | 'lost' | 'stopped', reason: string, position = this.state.position): void {
    this.#change({ state, reason, position, behind: undefined })
  }

  #change(change: Partial<StandbyState>): void {
    this.state = { ...this.state, ...change }
    this.#tell(this.state)
  }
}
