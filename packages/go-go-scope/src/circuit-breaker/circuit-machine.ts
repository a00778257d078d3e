import { CircuitOpenError } from '../errors/error-classes.js'
import type { CircuitState } from './circuit-breaker-options.js'
import type { OutcomeWindow } from './circuit-statistics.js'

interface CircuitRules {
  /** ms. */
  resetTimeout: number
  successThreshold: number
  failureThreshold: () => number
  /** If given, its failures count instead of consecutive ones. */
  window: OutcomeWindow | undefined
  onChange: (from: CircuitState, to: CircuitState, failureCount: number) => void
}

/**
 * The state machine of a circuit. It has no store and calls only `onChange`.
 *
 * Every change of state starts a new generation. The outcome of a call from an earlier generation is ignored: a late
 * success does not close an open circuit, and a late failure does not keep it open.
 */
export class CircuitMachine {
  readonly #rules: CircuitRules
  #state: CircuitState = 'closed'
  #generation = 0
  #failures = 0
  #successes = 0
  #probing = false
  /** Monotonic ms. */
  #openedAt = 0
  /** Start of the last probe, monotonic ms. */
  #probeBegan = 0

  constructor(rules: CircuitRules) {
    this.#rules = rules
  }

  get state(): CircuitState {
    return this.#state
  }

  get generation(): number {
    return this.#generation
  }

  get failures(): number {
    return this.#rules.window !== undefined && this.#state === 'closed' ? this.#rules.window.failures : this.#failures
  }

  get successes(): number {
    return this.#successes
  }

  /** ms since the circuit opened. */
  get openFor(): number {
    return performance.now() - this.#openedAt
  }

  get resetDue(): boolean {
    return this.#state === 'open' && this.openFor >= this.#rules.resetTimeout
  }

  /** @throws {CircuitOpenError} if a call would not be admitted now. */
  check(): void {
    if (this.#state === 'open' ? this.resetDue : !this.#probing || this.#probeLeft <= 0) return
    const left = this.#state === 'open' ? this.#rules.resetTimeout - this.openFor : this.#probeLeft
    throw new CircuitOpenError(Date.now() + Math.ceil(Math.max(0, left)))
  }

  /** Admits a call and returns its generation. @throws {CircuitOpenError} if the circuit is open. */
  admit(): number {
    if (this.#state === 'closed') return this.#generation
    this.check()
    if (this.#state === 'open') this.#change('half-open')
    this.#probing = true
    this.#probeBegan = performance.now()
    return this.#generation
  }

  /** ms until the next call may probe although the probe has not ended, because it may hang. Stores give it at least 1. */
  get #probeLeft(): number {
    return this.#probeBegan + Math.max(1, this.#rules.resetTimeout) - performance.now()
  }

  /** Ends a call whose outcome says nothing about the service. */
  endedNeutral(generation: number): void {
    if (generation === this.#generation) this.#probing = false
  }

  /** Counts a failure. Returns `false` if the call belongs to an earlier generation. */
  failed(generation: number): boolean {
    if (generation !== this.#generation) return false
    this.#probing = false
    this.#failures = this.#rules.window?.failures ?? this.#failures + 1
    if (this.#state === 'half-open' || this.#failures >= this.#rules.failureThreshold()) this.open()
    return true
  }

  /** Counts a success. Returns `true` if it closed the circuit or ended a series of failures. */
  succeeded(generation: number): boolean {
    if (generation !== this.#generation) return false
    this.#probing = false
    if (this.#state === 'half-open') {
      this.#successes++
      if (this.#successes < this.#rules.successThreshold) return false
      this.close()
      return true
    }
    if (this.#failures === 0 || this.#rules.window !== undefined) return false
    this.#failures = 0
    return true
  }

  /** Opens the circuit. @param openFor ms since it opened. @param failures The count with which another process opened it. */
  open(openFor = 0, failures: number = this.#failures): void {
    this.#failures = failures
    this.#openedAt = performance.now() - openFor
    this.#change('open')
  }

  /** Keeps the circuit open for `left` more ms, because another process has opened it again. */
  stayOpen(left: number): void {
    if (this.#state !== 'open') this.#change('open')
    this.#openedAt = performance.now() + left - this.#rules.resetTimeout
  }

  close(): void {
    this.#failures = 0
    this.#rules.window?.clear()
    this.#change('closed')
  }

  /** Adopts the count in the store. If it reaches the threshold, a closed circuit opens. */
  shareFailures(count: number): void {
    this.#failures = count
    if (this.#state === 'closed' && count >= this.#rules.failureThreshold()) this.open()
  }

  /** Adopts a stored state, without an event. */
  restore(failures: number, openFor: number | undefined): void {
    this.forget()
    this.#failures = failures
    if (openFor === undefined) return
    this.#state = 'open'
    this.#openedAt = performance.now() - openFor
  }

  /** Resets it to closed, without an event. */
  forget(): void {
    this.#state = 'closed'
    this.#generation++
    this.#failures = 0
    this.#successes = 0
    this.#probing = false
    this.#rules.window?.clear()
  }

  #change(to: CircuitState): void {
    const from = this.#state
    this.#state = to
    this.#generation++
    this.#successes = 0
    this.#probing = false
    this.#rules.onChange(from, to, this.#failures)
  }
}
