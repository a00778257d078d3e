import type { Row } from '../driver/driver.js'
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
  return [...parameters, clock.bound(clocked === 'lease')]
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
