import type { Row, SqlValue } from '../driver/driver.js'
import { PersistenceError } from '../errors/persistence-error.js'
import type { ConnectionClock } from '../time/connection-clock.js'
import type { BoundTime, Parameters, Step } from './statement.js'

/** The parameters with the time at which they are bound, where the statement asks for it. */
export function boundParameters(
  parameters: Parameters,
  clocked: BoundTime | undefined,
  clock: ConnectionClock,
): Parameters {
  if (clocked === undefined || clocked === 'none') return parameters
  const time = clock.bound(clocked === 'lease')
  // Of one key, as most reads are. On Bun to spread an array takes a thirtieth of the time of such a read.
  return parameters.length === 1 ? [parameters[0] as SqlValue, time] : [...parameters, time]
}

/** The rows of a step, or its error when they are not as many as it expects. */
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
