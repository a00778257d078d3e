import { callSafely } from '../errors/call-safely.js'
import type { Reporter } from '../errors/reporter.js'
import type { CircuitBreakerEvents, CircuitBreakerOptions, CircuitState } from './circuit-breaker-options.js'
import type { EventEmitter } from './event-emitter.js'

/** Tells a change of state to the hooks of the options, then to the listeners. */
export function announceChange(
  options: CircuitBreakerOptions,
  listeners: EventEmitter<CircuitBreakerEvents>,
  report: Reporter,
  ...[from, to, count]: [from: CircuitState, to: CircuitState, failureCount: number]
): void {
  const { onStateChange, onOpen, onClose, onHalfOpen } = options
  callSafely(report, 'onStateChange', () => onStateChange?.(from, to, count))
  if (to === 'open') callSafely(report, 'onOpen', () => onOpen?.(count))
  else if (to === 'closed') callSafely(report, 'onClose', () => onClose?.())
  else callSafely(report, 'onHalfOpen', () => onHalfOpen?.())
  listeners.emit('stateChange', from, to, count)
  if (to === 'open') listeners.emit('open', count)
  else listeners.emit(to === 'closed' ? 'close' : 'halfOpen')
}
