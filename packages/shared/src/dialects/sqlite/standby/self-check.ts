import { hasCode } from '../../../errors/persistence-error.js'
import { checkIntegrity, checkPages } from '../engine/check-integrity.js'
import type { FollowerState } from './follower-state.js'
import { damagedStandby } from './promote.js'
import type { Source } from './source.js'
import type { Sql } from './sql.js'

/** Checks the database of a standby. Damage ends following: the standby is `lost`. */
export class SelfCheck {
  readonly #standby: Sql
  readonly #source: Source
  readonly #state: FollowerState
  /** Whether the pages were checked since {@link forget}. */
  #checked = false

  constructor(standby: Sql, source: Source, state: FollowerState) {
    this.#standby = standby
    this.#source = source
    this.#state = state
  }

  /** Checks everything. @throws PersistenceError `CORRUPT`; any error of a check that could not be made. */
  async refuseDamaged(operation: string): Promise<void> {
    const verdict = await checkIntegrity((text) => this.#standby.query(text), operation)
    if (verdict === 'ok') return
    const error = damagedStandby(operation, verdict)
    this.#state.end('lost', error.message)
    throw error
  }

  /**
   * Checks what a takeover checks. Once until {@link forget} is called, because this reads the whole file. A check that fails says
   * nothing about the standby, unless no statement can read its schema any more.
   */
  async endIfUnusable(): Promise<void> {
    if (this.#checked) return
    this.#checked = true
    const operation = 'standby.follow'
    const verdict = await checkPages((text) => this.#standby.query(text), operation).catch(async (error) => {
      // Every statement reads the schema of both sides, and the error does not tell which one is damaged.
      return hasCode(error, 'CORRUPT') && (await this.#source.isSound()) ? error.message : 'ok'
    })
    if (verdict !== 'ok') this.#state.end('lost', damagedStandby(operation, verdict).message)
  }

  /** Lets the next {@link endIfUnusable} check again. */
  forget(): void {
    this.#checked = false
  }
}
