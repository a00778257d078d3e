import type { Row } from '../driver/driver.js'
import type { Call } from './call.js'

/** Takes the answers of calls that follow one another together. */
export interface PackedTaker {
  /** Whether it is to be asked: an answer of many bytes costs more as JSON than it saves. */
  readonly wantsPacked: boolean
  /** @param row See `packed` of a statement's batch. */
  takePacked(calls: readonly Call[], row: Row): void
}

/** Who takes the answers of all of `calls` as one row; `undefined` where each takes its own. */
export function packedTaker(calls: readonly Call[]): PackedTaker | undefined {
  const [first] = calls
  const taker = first?.packs
  if (taker === undefined || calls.length === 1) return undefined
  if (first?.statement.batch?.packed === undefined || !taker.wantsPacked) return undefined
  return calls.every(({ packs }) => packs === taker) ? taker : undefined
}
