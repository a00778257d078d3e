import type { TakeRows } from '../../driver/driver.js'
import type { Answer } from '../wire/answer.js'
import type { Item } from '../wire/protocol.js'

/** What waits to be sent to the owner of the database, or for its answer. */
export interface Request {
  /** Of the operation, for errors. */
  readonly name: string
  /** Whether it may change something. */
  readonly writes: boolean
  /** Whether a caller awaits it. */
  readonly awaited: boolean
  /** About the bytes of it. */
  readonly units: number
  write(out: Item[]): void
  /** Takes the first rows of the answer, which is without them then. Absent: all come with it. Must not throw. */
  readonly take?: TakeRows | undefined
  settle(answer: Answer): void
  /** @param unmet The step that gave another number of rows than it had to. */
  reject(error: unknown, unmet?: number): void
}
