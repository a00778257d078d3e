import type { TakeRows } from '../../driver/driver.js'
import type { Answer } from '../wire/answer.js'
import type { Item } from '../wire/protocol.js'

/** A request to the owner that waits to be sent or to be answered. */
export interface Request {
  /** The name of the operation, for errors. */
  readonly name: string
  /** Whether it may change the database. */
  readonly writes: boolean
  /** Whether a caller awaits it. */
  readonly awaited: boolean
  /** Its approximate size in bytes. */
  readonly units: number
  write(out: Item[]): void
  /** Takes rows as they arrive, which are then not part of the answer. Without it the answer has all rows. Must not throw. */
  readonly take?: TakeRows | undefined
  settle(answer: Answer): void
  /** @param unmet The index of the step that returned another number of rows than expected. */
  reject(error: unknown, unmet?: number): void
}
