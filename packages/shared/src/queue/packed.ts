import type { Row } from '../driver/driver.js'
import type { Call } from './call.js'

/** Receives the answers of consecutive calls as one row. */
export interface PackedTaker {
  /** Whether it wants packed answers. Long answers cost more as JSON than they save. */
  readonly wantsPacked: boolean
  /** @param row See `packed` of a statement's batch. */
  takePacked(calls: readonly Call[], row: Row): void
}

/** Returns the taker that receives the answers of all `calls` as one row; `undefined` if each call receives its own answer. */
export function packedTaker(calls: readonly Call[]): PackedTaker | undefined {
  const [first] = calls
  const taker = first?.packs
  if (taker === undefined || calls.length === 1) return undefined
  if (first?.statement.batch?.packed === undefined || !taker.wantsPacked) return undefined
  return calls.every(({ packs }) => packs === taker) ? taker : undefined
}
