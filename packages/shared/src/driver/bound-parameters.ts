import type { Clock } from '../time/clock.js'
import { LeaseClock } from '../time/lease-clock.js'
import type { Parameters, Time } from './statement.js'

/** The parameters with the time at which they are bound, where the statement asks for it. */
export function boundParameters(parameters: Parameters, clocked: Time | undefined, clock: Clock): Parameters {
  if (clocked === undefined || clocked === false) return parameters
  return [...parameters, clocked === 'lease' ? LeaseClock.of(clock).now() : clock.now()]
}
