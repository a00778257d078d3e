import type { Row } from '../driver/driver.js'
import { PersistenceError } from '../errors/persistence-error.js'
import type { Step } from './statement.js'

/** The rows of a step, or its error when they are not as many as it expects. */
export function stepChecked(step: Step, rows: Row[], name: string): Row[] {
  if (step.expect === undefined || step.expect === rows.length) return rows
  if (step.unmet !== undefined) throw step.unmet()
  throw new PersistenceError(
    'CONSTRAINT',
    name,
    `${name}: a step gave ${rows.length} rows where ${step.expect} were expected`,
  )
}
