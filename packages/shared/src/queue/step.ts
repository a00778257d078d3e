import type { Row, SqlValue } from '../driver/driver.js'
import { PersistenceError } from '../errors/persistence-error.js'
import type { ConnectionClock } from '../time/connection-clock.js'
import type { BoundTime, Parameters, Step } from './statement.js'

/** Returns the parameters, with the time of binding if the statement uses it. */
export function boundParameters(
  parameters: Parameters,
  clocked: BoundTime | undefined,
  clock: ConnectionClock,
): Parameters {
  if (clocked === undefined || clocked === 'none') return parameters
  const time = clock.bound(clocked)
  // Most reads have one key. On Bun, spreading the array takes a thirtieth of the time of such a read.
  return parameters.length === 1 ? [parameters[0] as SqlValue, time] : [...parameters, time]
}

/** Returns the rows of a step. @throws PersistenceError when their number is not the expected one. */
export function stepChecked(step: Step, rows: Row[], name: string): Row[] {
  if (step.expect === undefined || step.expect === rows.length) {
    step.after?.(rows)
    return rows
  }
  if (step.unmet !== undefined) throw step.unmet()
  throw new PersistenceError(
    'CONSTRAINT',
    name,
    `${name}: a step gave ${rows.length} rows where ${step.expect} were expected`,
  )
}
