import type { Reporter } from '../errors/reporter.js'
import { callSafely } from '../errors/reporter.js'
import type { CircuitBreakerEvents, CircuitBreakerOptions, CircuitState } from './circuit-breaker-options.js'

type Listener<A extends unknown[]> = (...args: A) => void

/** Typed events. What a listener throws is reported and reaches nobody else. */
export class EventEmitter<Events extends { [K in keyof Events]: unknown[] }> {
  #listeners: { [K in keyof Events]?: Set<Listener<Events[K]>> } = {}
  readonly #report: Reporter

  constructor(report: Reporter) {
    this.#report = report
  }

  /** Returns the unsubscriber. */
  on<K extends keyof Events>(event: K, listener: Listener<Events[K]>): () => void {
    this.#listeners[event] ??= new Set()
    this.#listeners[event].add(listener)
    return () => this.off(event, listener)
  }

  off<K extends keyof Events>(event: K, listener: Listener<Events[K]>): void {
    this.#listeners[event]?.delete(listener)
  }

  once<K extends keyof Events>(event: K, listener: Listener<Events[K]>): () => void {
    const off = this.on(event, (...args) => {
      off()
      return listener(...args)
    })
    return off
  }

  emit<K extends keyof Events>(event: K, ...args: Events[K]): void {
    for (const listener of [...(this.#listeners[event] ?? [])]) {
      callSafely(this.#report, `listener of '${String(event)}'`, () => listener(...args))
    }
  }

  clear(): void {
    this.#listeners = {}
  }
}

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
