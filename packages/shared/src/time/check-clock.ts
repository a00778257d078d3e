import { invalidOption } from '../arguments/invalid.js'
import { readArgument } from '../arguments/read-argument.js'
import type { Clock } from './clock.js'

/**
 * Reads a clock once. A clock that returns no number, such as a mock without a return value, would create entries that never
 * expire.
 *
 * @throws PersistenceError `INVALID_OPTION` when `now` or `monotonic` throws, or returns anything but a number within ±2^53.
 */
export function checkedClock(clock: Clock): Clock {
  for (const name of ['now', 'monotonic'] as const) {
    const ms: unknown = readArgument(() => clock[name](), 'options', `option clock.${name}()`, 'INVALID_OPTION')
    if (typeof ms === 'number' && Math.abs(ms) <= Number.MAX_SAFE_INTEGER) continue
    throw invalidOption(`clock.${name}()`, ms, 'a number of ms within ±2^53')
  }
  return clock
}
