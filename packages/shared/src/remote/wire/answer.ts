import type { Row } from '../../driver/driver.js'

/** A lock that was granted. */
export class Granted {
  readonly token: number
  /** ms that are left of the lease. */
  readonly left: number

  constructor(token: number, left: number) {
    this.token = token
    this.left = left
  }
}

/** What the owner answers: nothing, a row, rows, the rows of each step, a number, or a lock. */
export type Answer = Row | readonly Row[] | readonly (readonly Row[])[] | number | Granted | undefined

/** Of what is asked of a lock: that it was granted, whether it is so as 1 or 0, or nothing. */
export type AnsweredLock = Granted | number | undefined
