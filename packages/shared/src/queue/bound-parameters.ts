import type { ConnectionClock } from '../time/connection-clock.js'
import type { Parameters, Time } from './statement.js'

/** The parameters with the time at which they are bound, where the statement asks for it. */
export function boundParameters(parameters: Parameters, clocked: Time | undefined, clock: ConnectionClock): Parameters {
  if (clocked === undefined || clocked === false) return parameters
  return [...parameters, clocked === 'lease' ? clock.lease.now() : clock.now()]
}
