import { callSafely, type Reporter } from '../errors/reporter.js'
import type { CircuitBreakerEvents, CircuitBreakerOptions, CircuitState } from './circuit-breaker-options.js'

export type CircuitListener<Event extends keyof CircuitBreakerEvents> = (...args: CircuitBreakerEvents[Event]) => void

/** The hooks and listeners of one breaker. Their errors are reported and affect neither the call nor other listeners. */
export class CircuitEvents {
  /** The methods keep the type of each event's listeners. */
  readonly #listeners = new Map<keyof CircuitBreakerEvents, Set<unknown>>()
  readonly #hooks: CircuitBreakerOptions
  readonly #report: Reporter

  constructor(hooks: CircuitBreakerOptions, report: Reporter) {
    this.#hooks = hooks
    this.#report = report
  }

  on<Event extends keyof CircuitBreakerEvents>(event: Event, listener: CircuitListener<Event>): () => void {
    const listeners = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, listeners.add(listener))
    return () => this.off(event, listener)
  }

  off<Event extends keyof CircuitBreakerEvents>(event: Event, listener: CircuitListener<Event>): void {
    this.#listeners.get(event)?.delete(listener)
  }

  once<Event extends keyof CircuitBreakerEvents>(event: Event, listener: CircuitListener<Event>): () => void {
    const off = this.on(event, (...args) => {
      off()
      return listener(...args)
    })
    return off
  }

  emit<Event extends keyof CircuitBreakerEvents>(event: Event, ...args: CircuitBreakerEvents[Event]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      callSafely(this.#report, `listener of '${event}'`, () => (listener as CircuitListener<Event>)(...args))
    }
  }

  /** Calls the hooks for a change of state, then the listeners. */
  emitChange(from: CircuitState, to: CircuitState, failureCount: number): void {
    const { onStateChange, onOpen, onClose, onHalfOpen } = this.#hooks
    callSafely(this.#report, 'onStateChange', () => onStateChange?.(from, to, failureCount))
    if (to === 'open') callSafely(this.#report, 'onOpen', () => onOpen?.(failureCount))
    else if (to === 'closed') callSafely(this.#report, 'onClose', () => onClose?.())
    else callSafely(this.#report, 'onHalfOpen', () => onHalfOpen?.())
    this.emit('stateChange', from, to, failureCount)
    if (to === 'open') this.emit('open', failureCount)
    else this.emit(to === 'closed' ? 'close' : 'halfOpen')
  }

  /** Calls the hook for a changed threshold, then the listeners. */
  emitAdapted(threshold: number, errorRate: number): void {
    const { onThresholdAdapt } = this.#hooks.advanced ?? {}
    callSafely(this.#report, 'onThresholdAdapt', () => onThresholdAdapt?.(threshold, errorRate))
    this.emit('thresholdAdapt', threshold, errorRate)
  }

  clear(): void {
    this.#listeners.clear()
  }
}
