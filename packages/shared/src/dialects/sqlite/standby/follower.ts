import { randomUUID } from 'node:crypto'
import { hasCode, type PersistenceError } from '../../../errors/persistence-error.js'
import { checkIntegrity } from '../engine/check-integrity.js'
import { enterLog, leaveLog } from './change-log.js'
import { compareSides } from './compare-sides.js'
import { type FollowedTables, followedTables } from './followed-tables.js'
import type { FollowerState } from './follower-state.js'
import { copyAnew } from './full-copy.js'
import { Heartbeat } from './heartbeat.js'
import { type Position, readPosition } from './position.js'
import { damagedStandby } from './promote.js'
import { type BusyWait, retryWhileBusy } from './retry-while-busy.js'
import { type Outcome, runRound } from './round.js'
import { lockedAlone, type Source } from './source.js'
import { oneRow, type Sql } from './sql.js'
import type { Verification } from './standby-state.js'

/** What a follower works with. */
export interface FollowerParts {
  /** The connection of the standby, which {@link source} attaches the source to. */
  readonly standby: Sql
  /** Whether the name of the standby's file still finds it. */
  stays(): Promise<boolean>
  readonly source: Source
  readonly state: FollowerState
  /** With other writers of the source, to begin and to leave. */
  readonly busyWait: BusyWait
  /** Epoch ms. */
  now(): number
}

/**
 * Keeps a standby at its source. Its methods must be called one at a time, and the standby must not be read while one
 * runs: a round is several statements.
 */
export class Follower {
  readonly #standby: Sql
  readonly #stays: () => Promise<boolean>
  readonly #source: Source
  readonly #state: FollowerState
  readonly #busyWait: BusyWait
  readonly #now: () => number
  readonly #heartbeat: Heartbeat
  #tables: FollowedTables = { logged: [], whole: [], stored: new Map(), computed: new Set() }
  /** Whether the log was too short for the last round. */
  #trimmed = false

  constructor({ standby, stays, source, state, busyWait, now }: FollowerParts) {
    this.#standby = standby
    this.#stays = stays
    this.#source = source
    this.#state = state
    this.#busyWait = busyWait
    this.#now = now
    this.#heartbeat = new Heartbeat(now)
  }

  /**
   * Goes on from where the standby is, or makes the first copy.
   *
   * @throws PersistenceError what keeps it from following; `CORRUPT` for a standby that is damaged.
   */
  async begin(): Promise<void> {
    const position = await readPosition(this.#standby)
    this.#state.position = position
    // Nobody knows what was done to a file meanwhile. A takeover is not the time for this.
    if (position !== undefined) await this.#refuseDamaged('standby.follow')
    try {
      await this.#source.attach()
    } catch (cause) {
      const error = hasCode(cause, 'BUSY') ? lockedAlone(cause) : cause
      if (position === undefined) throw error
      // The source is gone, and this is the moment for which there is a standby.
      return this.#state.end('stopped', (error as Error).message, position.seq)
    }
    if (position === undefined) return this.#copy(undefined, this.#busyWait)
    this.#tables = await followedTables(this.#standby, 'main')
    this.#state.change({ position: position.seq })
    await this.#settle(await this.#look(position), this.#busyWait)
  }

  /**
   * Looks for changes once and takes them over. Never rejects: what it cannot go on with is the state afterwards.
   *
   * @returns `BUSY` when a writer was at work for longer than this waits, or `DISK_FULL`; the next round tries again.
   */
  async round(): Promise<PersistenceError | undefined> {
    const problem = await this.#attempt(async () => {
      const { position, current } = this.#state
      if (position === undefined) await this.#copy(current.reason)
      else if (!(await this.#source.mayHaveChanged())) this.#state.checked()
      else if (await this.isFound()) await this.#settle(await this.#look(position))
    })
    if (hasCode(problem, 'BUSY')) return problem
    // Also of one that waits for room: a follower that is not seen for a day is forgotten.
    const told = await this.#attempt(() => this.#tellSource())
    return problem ?? told
  }

  /** @returns what the next round tries again. */
  async #attempt(step: () => Promise<void>): Promise<PersistenceError | undefined> {
    try {
      await step()
    } catch (error) {
      this.#source.lookAgain()
      const { code, message } = error as PersistenceError
      if (code === 'BUSY') return error as PersistenceError
      if (code === 'DISK_FULL') {
        await this.#wait(message)
        return error as PersistenceError
      }
      // Where the standby is damaged, that is said already.
      if (this.#state.going) {
        this.#state.end(code === 'CONSTRAINT' ? 'diverged' : code === 'SCHEMA_NEWER' ? 'lost' : 'stopped', message)
      }
    }
    return undefined
  }

  async #wait(problem: string): Promise<void> {
    const { current, position } = this.#state
    // What is to be copied anew is no number of changes.
    const counted = current.state !== 'copying' && position !== undefined
    const head = counted ? await this.head().catch(() => undefined) : undefined
    this.#state.waits(problem, counted && head !== undefined ? head - position.seq : undefined)
    await this.#giveRoomBack()
  }

  /** Whether anybody who opens the file of the standby would find it. It is `lost` if not. */
  async isFound(): Promise<boolean> {
    const found = await this.#stays()
    if (!found) this.#state.end('lost', 'the file of the standby was deleted, or replaced by another one')
    return found
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
    for (;;) {
      const position = this.#state.usable('standby.verify')
      const { outcome, verification } = await compareSides(this.#standby, position, this.#tables)
      await this.#settle(outcome)
      if (verification === undefined) continue
      if (!verification.equal) {
        const where = `at change ${verification.position}`
        this.#state.end('diverged', `the rows of the standby differ from those of the source ${where}`)
      }
      await this.#refuseDamaged('standby.verify')
      return verification
    }
  }

  #look(position: Position): Promise<Outcome> {
    return runRound(this.#standby, position, this.#tables, (behind) => this.#state.change({ behind }))
  }

  /** @param busyWait As for {@link #copy}. */
  async #settle(outcome: Outcome, busyWait?: BusyWait): Promise<void> {
    if (outcome.kind === 'diverged') return this.#state.end('diverged', outcome.reason)
    if (outcome.kind === 'copy anew') {
      if (outcome.trimmed && this.#trimmed)
        return this.#state.end('lost', `${outcome.reason}, also after it was copied anew`)
      await this.#copy(outcome.reason, busyWait)
      // Not before: a copy that could not be made is tried again.
      this.#trimmed = outcome.trimmed
      return
    }
    this.#trimmed = false
    this.#state.following(outcome.position)
  }

  /** @param busyWait With other writers, as following begins. A copy later on is tried again by the next round. */
  async #copy(reason: string | undefined, busyWait?: BusyWait): Promise<void> {
    this.#state.change({ state: 'copying', reason, behind: undefined })
    const follower = this.#state.position?.follower ?? randomUUID()
    const enter = (): Promise<number> => enterLog(this.#source.sql, follower, undefined, this.#now())
    const remedy = 'try again, or raise busyTimeout'
    const cookie = await (busyWait ? retryWhileBusy('standby.follow', remedy, busyWait, enter) : enter())
    this.#heartbeat.forget()
    try {
      const { position, tables } = await copyAnew(this.#standby, follower, cookie)
      // The whole copy is in the log as well, which would have to be removed by a takeover. Where there is no room for it in the
      // file yet, it is a whole copy all the same.
      await unlessFull(this.#standby.query('PRAGMA main.wal_checkpoint(TRUNCATE)'))
      await this.#refuseDamaged('standby.follow')
      this.#tables = tables
      this.#state.following(position, reason)
    } catch (error) {
      // Nobody would know of the follower that was entered, and the log would stay for it.
      if (this.#state.position === undefined) await this.#leave(follower, busyWait)
      throw error
    }
  }

  /** Takes back what {@link #copy} has entered. The caller needs the error for which it failed. */
  async #leave(follower: string, busyWait: BusyWait | undefined): Promise<void> {
    const leave = (): Promise<void> => leaveLog(this.#source.sql, follower)
    const remedy = 'the log stays in the source until an adapter connects to it after a day'
    // The source may be on the same disk, and full by what the copy has written into its own log.
    await this.#giveRoomBack()
    await (busyWait ? retryWhileBusy('standby.follow', remedy, busyWait, leave) : leave()).catch(() => undefined)
  }

  /** What was written into the standby's log before the disk was full would keep it full. */
  async #giveRoomBack(): Promise<void> {
    await this.#standby.query('PRAGMA main.wal_checkpoint(TRUNCATE)').catch(() => undefined)
  }

  /** Now and then. */
  async #tellSource(): Promise<void> {
    const { going, position } = this.#state
    if (!going || position === undefined) return
    // A source whose disk is full can still be followed. It is told a second later, and what it keeps for the standby is bounded.
    const known = await unlessFull(this.#heartbeat.send(this.#source.sql, position))
    if (known === false) this.#source.lookAgain()
  }

  async #refuseDamaged(operation: string): Promise<void> {
    const verdict = await checkIntegrity((text) => this.#standby.query(text))
    if (verdict === 'ok') return
    const error = damagedStandby(operation, verdict)
    this.#state.end('lost', error.message)
    throw error
  }
}

/** What `step` gives; `undefined` where the disk was full. */
async function unlessFull<Result>(step: Promise<Result>): Promise<Result | undefined> {
  try {
    return await step
  } catch (error) {
    if (hasCode(error, 'DISK_FULL')) return undefined
    throw error
  }
}
