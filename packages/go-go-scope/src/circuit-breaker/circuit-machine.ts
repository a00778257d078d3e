import { CircuitOpenError } from '../errors/error-classes.js'
import type { CircuitState } from './circuit-breaker-options.js'
import type { OutcomeWindow } from './circuit-statistics.js'

interface CircuitRules {
  /** ms. */
  resetTimeout: number
  successThreshold: number
  failureThreshold: () => number
  /** When given, its failures count instead of those in a row. */
  window: OutcomeWindow | undefined
  onChange: (from: CircuitState, to: CircuitState, failureCount: number) => void
}

/**
 * The states of a circuit and the changes between them. It knows no store, and calls only `onChange`.
 *
 * Every change of state starts a new generation, and the outcome of a call admitted in an earlier one counts for
 * nothing: a late success does not close an open circuit, a late failure does not keep it open.
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
  /** Of the last probe, monotonic ms. */
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

  /** @throws {CircuitOpenError} when a call would not be let through now. */
  check(): void {
    if (!this.#probing && (this.#state !== 'open' || this.resetDue)) return
    const since = this.#probing ? this.#probeBegan : this.#openedAt
    const left = since + this.#rules.resetTimeout - performance.now()
    throw new CircuitOpenError(Date.now() + Math.ceil(Math.max(0, left)))
  }

  /** Lets a call through and returns the generation it belongs to, or throws. */
  admit(): number {
    if (this.#state === 'closed') return this.#generation
    this.check()
    if (this.#state === 'open') this.#change('half-open')
    this.#probing = true
    this.#probeBegan = performance.now()
    return this.#generation
  }

  /** The outcome of the call says nothing about what the circuit guards. */
  endedNeutral(generation: number): void {
    if (generation === this.#generation) this.#probing = false
  }

  /** `false` when the call belongs to an earlier generation. */
  failed(generation: number): boolean {
    if (generation !== this.#generation) return false
    this.#probing = false
    this.#failures = this.#rules.window?.failures ?? this.#failures + 1
    if (this.#state === 'half-open' || this.#failures >= this.#rules.failureThreshold()) this.open()
    return true
  }

  /** `true` when the success closed the circuit or ended a row of failures. */
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

  /** @param openFor ms since it opened. @param failures the count with which another process opened it. */
  open(openFor = 0, failures: number = this.#failures): void {
    this.#failures = failures
    this.#openedAt = performance.now() - openFor
    this.#change('open')
  }

  /** Another process has opened the circuit again: it stays open for `left` ms from now on. */
  stayOpen(left: number): void {
    if (this.#state !== 'open') this.#change('open')
    this.#openedAt = performance.now() + left - this.#rules.resetTimeout
  }

  close(): void {
    this.#failures = 0
    this.#rules.window?.clear()
    this.#change('closed')
  }

  /** Takes over the count in the store. A count that reaches the threshold opens a closed circuit. */
  shareFailures(count: number): void {
    this.#failures = count
    if (this.#state === 'closed' && count >= this.#rules.failureThreshold()) this.open()
  }

  /** Takes over a stored state, without an event. */
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
