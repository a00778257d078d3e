import { randomUUID } from 'node:crypto'
import { hasCode, type PersistenceError } from '../../../errors/persistence-error.js'
import { enterLog, leaveLog } from './change-log.js'
import { compareSides } from './compare-sides.js'
import { type FollowedTables, followedTables } from './followed-tables.js'
import type { FollowerState } from './follower-state.js'
import { copyAnew } from './full-copy.js'
import { Heartbeat } from './heartbeat.js'
import { type Position, readPosition } from './position.js'
import { type BusyWait, retryWhileBusy } from './retry-while-busy.js'
import { type Outcome, runRound } from './round.js'
import { SelfCheck } from './self-check.js'
import { lockedAlone, type Source } from './source.js'
import { oneRow, type Sql } from './sql.js'
import type { Verification } from './standby-state.js'

/** The parts that a follower works with. */
export interface FollowerParts {
  /** The connection of the standby, to which {@link source} attaches the source. */
  readonly standby: Sql
  /** Returns whether the path of the standby still leads to its file. */
  stays(): Promise<boolean>
  readonly source: Source
  readonly state: FollowerState
  /** How to wait for other writers of the source when following begins and ends. */
  readonly busyWait: BusyWait
  /** Epoch ms. */
  now(): number
}

/**
 * Keeps a standby up to date with its source. Call its methods one at a time, and do not read the standby while one runs: a round
 * is several statements.
 */
export class Follower {
  readonly #standby: Sql
  readonly #stays: () => Promise<boolean>
  readonly #source: Source
  readonly #state: FollowerState
  readonly #busyWait: BusyWait
  readonly #now: () => number
  readonly #heartbeat: Heartbeat
  readonly #selfCheck: SelfCheck
  #tables: FollowedTables = { logged: [], whole: [], stored: new Map(), computed: new Set() }
  /** Whether the log was trimmed too far for the last round. */
  #trimmed = false

  constructor({ standby, stays, source, state, busyWait, now }: FollowerParts) {
    this.#standby = standby
    this.#stays = stays
    this.#source = source
    this.#state = state
    this.#busyWait = busyWait
    this.#now = now
    this.#heartbeat = new Heartbeat(now)
    this.#selfCheck = new SelfCheck(standby, source, state)
  }

  /**
   * Continues from the position of the standby, or makes the first copy.
   *
   * @throws PersistenceError the reason why it cannot follow; `CORRUPT` for a damaged standby.
   */
  async begin(): Promise<void> {
    const position = await readPosition(this.#standby)
    this.#state.position = position
    if (position !== undefined) {
      // The file may have been changed in any way meanwhile. Check it now and not at a takeover, when time is short.
      await this.#selfCheck.refuseDamaged('standby.follow')
      this.#tables = await followedTables(this.#standby, 'main')
      this.#state.change({ position: position.seq })
    }
    try {
      await this.#source.attach()
    } catch (cause) {
      const error = hasCode(cause, 'BUSY') ? lockedAlone(cause) : (cause as PersistenceError)
      if (position === undefined) throw error
      if (isOfDisk(error)) return this.#wait(error)
      // The source is gone: this is the case for which a standby exists.
      return this.#state.end('stopped', error.message)
    }
    if (position === undefined) return this.#copy(undefined, this.#busyWait)
    await this.#settle(await this.#poll(position), this.#busyWait)
  }

  /**
   * Polls for changes once and applies them. Never rejects: a permanent failure becomes the state.
   *
   * @returns `BUSY` when another writer took longer than the timeout, `DISK_FULL`, `IO_ERROR`, `CORRUPT`; the next round
   *   retries.
   */
  async round(): Promise<PersistenceError | undefined> {
    const problem = await this.#attempt(async () => {
      const { position, current } = this.#state
      if (position === undefined) await this.#copy(current.reason)
      else if (!(await this.#source.mayHaveChanged())) this.#state.checked()
      else if (await this.isFound()) await this.#settle(await this.#poll(position))
    })
    if (hasCode(problem, 'BUSY')) return problem
    if (problem === undefined) this.#selfCheck.forget()
    // Also for a standby that waits for a disk: a follower that does not report for a day is dropped.
    const failure = await this.#attempt(() => this.#sendHeartbeat())
    return problem ?? failure
  }

  /** @returns the error that the next round retries. */
  async #attempt(step: () => Promise<void>): Promise<PersistenceError | undefined> {
    try {
      await step()
    } catch (error) {
      return this.#failed(error as PersistenceError)
    }
    return undefined
  }

  /** Changes the state after an error. @returns the error if the next round retries. */
  async #failed(error: PersistenceError): Promise<PersistenceError | undefined> {
    this.#source.markChanged()
    const { code, message } = error
    if (code === 'BUSY') return error
    // Damage of the standby itself does not pass.
    if (code === 'CORRUPT' && this.#state.going) await this.#selfCheck.endIfUnusable()
    // A damaged standby has already reported its state.
    if (!this.#state.going) return undefined
    if (isOfDisk(error)) {
      await this.#wait(error)
      return error
    }
    this.#state.end(code === 'CONSTRAINT' ? 'diverged' : code === 'SCHEMA_NEWER' ? 'lost' : 'stopped', message)
    return undefined
  }

  async #wait(problem: PersistenceError): Promise<void> {
    const { current, position } = this.#state
    // Content that must be copied again is not counted in changes.
    const counted = current.state !== 'copying' && position !== undefined
    const head = counted ? await this.head().catch(() => undefined) : undefined
    this.#state.waits(problem, counted && head !== undefined ? head - position.seq : undefined)
    await this.#truncateWal()
  }

  /** Returns whether the path of the standby still leads to its file. If not, the state becomes `lost`. */
  async isFound(): Promise<boolean> {
    const found = await this.#stays()
    if (!found) this.#state.end('lost', 'the file of the standby was deleted, or replaced by another one')
    return found
  }

  /** Returns the number of the last change in the source's log now. */
  async head(): Promise<number> {
    return Number((await oneRow(this.#source.sql, 'SELECT max(seq) AS seq FROM go_goscope_changes')).seq)
  }

  /**
   * Compares every cell of both sides in one snapshot, and checks the standby itself. An unexplained difference makes it
   * `diverged`, and damage `lost`.
   *
   * @throws PersistenceError `DIVERGED`, `NOT_FOLLOWING`, `CORRUPT`.
   */
  async verify(): Promise<Verification> {
    this.#state.usable('standby.verify')
    const failure = await this.round()
    // Also if it must be copied anew, and that has not begun.
    const isCopying = this.#state.current.state === 'copying'
    if (failure !== undefined && (!this.#source.isOpen || isCopying || isOfDisk(failure))) throw failure
    for (;;) {
      const position = this.#state.usable('standby.verify')
      const { outcome, verification } = await compareSides(this.#standby, position, this.#tables).catch(
        async (error) => {
          // Only a round tells whether it still follows: a comparison reads more of the source than following does.
          if (isOfDisk(error) && (await this.#failed(error)) !== undefined) await this.round()
          throw error
        },
      )
      await this.#settle(outcome)
      if (verification === undefined) continue
      if (!verification.equal) {
        const where = `at change ${verification.position}`
        this.#state.end('diverged', `the rows of the standby differ from those of the source ${where}`)
      }
      await this.#selfCheck.refuseDamaged('standby.verify')
      return verification
    }
  }

  #poll(position: Position): Promise<Outcome> {
    return runRound(this.#standby, position, this.#tables, (behind) => this.#state.change({ behind }))
  }

  /** @param busyWait See {@link #copy}. */
  async #settle(outcome: Outcome, busyWait?: BusyWait): Promise<void> {
    if (outcome.kind === 'diverged') {
      this.#state.forked = true
      return this.#state.end('diverged', outcome.reason)
    }
    if (outcome.kind === 'copy anew') {
      if (outcome.trimmed && this.#trimmed)
        return this.#state.end('lost', `${outcome.reason}, also after it was copied anew`)
      await this.#copy(outcome.reason, busyWait)
      // Not earlier: a copy that failed is retried.
      this.#trimmed = outcome.trimmed
      return
    }
    this.#trimmed = false
    this.#state.following(outcome.position)
  }

  /** @param busyWait Set when following begins, to wait for other writers. A later copy is retried by the next round instead. */
  async #copy(reason: string | undefined, busyWait?: BusyWait): Promise<void> {
    this.#state.change({ state: 'copying', reason, behind: undefined })
    const follower = this.#state.position?.follower ?? randomUUID()
    const enter = (): Promise<number> => enterLog(this.#source.sql, follower, undefined, this.#now())
    const remedy = 'try again, or raise busyTimeout'
    const cookie = await (busyWait ? retryWhileBusy('standby.follow', remedy, busyWait, enter) : enter())
    try {
      const { position, tables } = await copyAnew(this.#standby, follower, cookie)
      // The WAL also contains the whole copy. Checkpoint it now, or a takeover would have to. If the file cannot take it in
      // yet, the copy is complete nevertheless.
      await unlessDiskFails(this.#standby.query('PRAGMA main.wal_checkpoint(TRUNCATE)'))
      await this.#selfCheck.refuseDamaged('standby.follow')
      this.#tables = tables
      this.#state.following(position, reason)
    } catch (error) {
      // No one would remember the registered follower, and the log would stay for it.
      if (this.#state.position === undefined) await this.#leave(follower, busyWait)
      throw error
    }
  }

  /** Unregisters the follower that {@link #copy} has registered. The caller needs the error of the copy, not one of this. */
  async #leave(follower: string, busyWait: BusyWait | undefined): Promise<void> {
    const leave = (): Promise<void> => leaveLog(this.#source.sql, follower)
    const remedy = 'the log stays in the source until an adapter connects to it after a day'
    // The source may be on the same disk, which the WAL of this copy may have filled.
    await this.#truncateWal()
    await (busyWait ? retryWhileBusy('standby.follow', remedy, busyWait, leave) : leave()).catch(() => undefined)
  }

  /** Truncates the standby's WAL: what was written before the disk was full would keep it full. */
  async #truncateWal(): Promise<void> {
    await this.#standby.query('PRAGMA main.wal_checkpoint(TRUNCATE)').catch(() => undefined)
  }

  /** Sends a heartbeat when one is due. */
  async #sendHeartbeat(): Promise<void> {
    const { going, position } = this.#state
    if (!going || position === undefined) return
    // A source whose disk takes no writes can still be followed. The next heartbeat is a second later, and what the source keeps
    // for the standby is bounded.
    await unlessDiskFails(this.#heartbeat.send(this.#source.sql, position))
  }
}

/**
 * Whether a full or failing disk may have caused the error. A later attempt may succeed, and a failed one has changed nothing. SQLite
 * also reports `CORRUPT` when the system could not read a page.
 */
function isOfDisk({ code }: PersistenceError): boolean {
  return ['DISK_FULL', 'IO_ERROR', 'CORRUPT'].includes(code)
}

/** Returns the result of `step`, or `undefined` when a disk was full or failed. */
async function unlessDiskFails<Result>(step: Promise<Result>): Promise<Result | undefined> {
  try {
    return await step
  } catch (error) {
    if (isOfDisk(error as PersistenceError)) return undefined
    throw error
  }
}
