import type { Row } from '../../driver/driver.js'

/** A lock that was granted. */
export class Granted {
  readonly token: number
  /** ms until the lease ends. */
  readonly left: number

  constructor(token: number, left: number) {
    this.token = token
    this.left = left
  }
}

/** An answer of the owner: nothing, a row, rows, the rows of each step, a number, or a lock. */
export type Answer = Row | readonly Row[] | readonly (readonly Row[])[] | number | Granted | undefined

/** The answer to a lock request: the grant, a boolean as 1 or 0, or nothing. */
export type AnsweredLock = Granted | number | undefined
