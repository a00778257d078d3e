import { sqlStateOf } from '../sql/error-codes.js'
import type { Wire } from './wire.js'

// `now()` is when the transaction began.
const TRANSACTION_START = 'SELECT now()::text AS start'
const FAILED_TRANSACTION = '25P02'

/**
 * Whether a connection is in a transaction: by when it began, which is another time for each statement outside of one.
 * Nobody is warned by that, and nothing is logged.
 */
export async function isInTransaction(wire: Wire): Promise<boolean> {
  try {
    const [first] = await wire.run(TRANSACTION_START, [], undefined)
    const [second] = await wire.run(TRANSACTION_START, [], undefined)
    return first?.start === second?.start
  } catch (error) {
    if (sqlStateOf(error) === FAILED_TRANSACTION) return true
    throw error
  }
}
