import type { CircuitBreakerPersistedState } from '@go-go-scope/persistence-core/ports'
import type { CircuitState } from './circuit-breaker-options.js'
import type { AdmittedCall, CallOutcome, CircuitCalls } from './circuit-calls.js'
import type { CircuitMachine } from './circuit-machine.js'
import { type CircuitStore, openFor, snapshot } from './circuit-store.js'

/** The options that the calls of a breaker with a store use. */
export interface StoredRules {
  /** ms. */
  readonly resetTimeout: number
  readonly successThreshold: number
  /** Changes while the threshold adapts. */
  readonly failureThreshold: () => number
  /** Whether failures are counted in a sliding window, which each process has for itself. */
  readonly countsInWindow: boolean
}

/**
 * The calls of a circuit whose state is in a store with the classic methods. The state is loaded before the first call,
 * stored at every change, and follows the changes by other processes.
 */
export class StoredCalls implements CircuitCalls {
  readonly #store: CircuitStore
  readonly #machine: CircuitMachine
  readonly #rules: StoredRules
  #loading: Promise<void> | undefined
  #loaded = false
  #unsubscribe: (() => void) | undefined

  constructor(store: CircuitStore, machine: CircuitMachine, rules: StoredRules) {
    this.#store = store
    this.#machine = machine
    this.#rules = rules
  }

  /** Whether the state is loaded. After a failed load, calls use the local state. */
  get loaded(): boolean {
    return this.#loaded
  }

  admit(): AdmittedCall | Promise<AdmittedCall> {
    const admit = (): AdmittedCall => ({ generation: this.#machine.admit() })
    return this.#loaded ? admit() : this.load().then(admit)
  }

  async ended({ generation }: AdmittedCall, outcome: CallOutcome): Promise<void> {
    if (outcome === 'neutral') this.#machine.endedNeutral(generation)
    else if (outcome === 'succeeded') {
      if (this.#machine.succeeded(generation)) await this.#store.recordSuccess()
    } else if (this.#machine.failed(generation)) {
      await this.storeFailure((threshold) => this.#store.recordFailure(threshold))
    }
  }

  stateChanged(to: CircuitState): void {
    // Writes keep their order, so this one precedes the outcome of the probe. The probe need not await it.
    if (to === 'half-open') void this.#store.save(snapshot(this.#machine))
  }

  async reset(): Promise<void> {
    await this.#store.save({ state: 'closed', failureCount: 0 })
  }

  disconnect(): void {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    this.#loaded = false
  }

  /** Loads the state once. Concurrent calls share the load. After a failed load, the next call tries again. */
  load(): Promise<void> {
    this.#loading ??= (async () => {
      const { generation } = this.#machine
      const stored = await this.#store.load()
      this.#loading = undefined
      // The breaker may have been reset or disposed meanwhile.
      if (stored === undefined || generation !== this.#machine.generation) return
      this.#loaded = true
      if (stored !== null) this.#machine.restore(stored.failureCount, openFor(stored, this.#rules.resetTimeout))
      this.#unsubscribe = this.#store.subscribe((state) => this.follow(state))
    })()
    return this.#loading
  }

  /**
   * Stores a failure that the machine has counted.
   *
   * @param count Adds the failure to the shared count and returns it; `undefined` if the failure does not count there.
   */
  async storeFailure(count: (threshold: number) => Promise<number | undefined>): Promise<void> {
    const { state, generation } = this.#machine
    if (this.#rules.countsInWindow) return state === 'open' ? this.#store.save(snapshot(this.#machine)) : undefined
    const threshold = this.#rules.failureThreshold()
    const shared = await count(threshold)
    if (shared === undefined || generation !== this.#machine.generation) return
    if (state !== 'open') this.#machine.shareFailures(Math.max(shared, this.#machine.failures))
    // A success in another process has reset the shared count, but this process has seen only failures.
    else if (shared < threshold) await this.#store.save(snapshot(this.#machine))
  }

  /** Adopts a state that another process has stored. */
  follow(stored: CircuitBreakerPersistedState): void {
    const { state } = this.#machine
    if (stored.state === 'closed' && state !== 'closed') this.#machine.close()
    if (stored.state === 'open' && state !== 'open') {
      this.#machine.open(openFor(stored, this.#rules.resetTimeout), stored.failureCount)
    }
    this.#machine.shareFailures(stored.failureCount)
  }
}
