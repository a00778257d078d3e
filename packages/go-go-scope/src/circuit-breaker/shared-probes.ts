import type {
  CircuitBreakerPersistedState,
  Permit,
  ProbingCircuitBreakerProvider,
} from '@go-go-scope/persistence-sqlite-core/ports'
import type { CircuitMachine } from './circuit-machine.js'
import type { CircuitStore } from './circuit-store.js'

interface Thresholds {
  readonly failureThreshold: number
  readonly successThreshold: number
}

/**
 * Probes of a half-open circuit where the provider decides who may, over all processes. When the provider fails, this
 * process goes on by itself.
 */
export class SharedProbes {
  readonly #provider: ProbingCircuitBreakerProvider
  readonly #key: string
  readonly #store: CircuitStore
  readonly #machine: CircuitMachine
  /** ms. */
  readonly #resetTimeout: number

  /** `undefined` for a provider that knows only the classic methods. */
  static of(
    provider: object,
    key: string,
    store: CircuitStore,
    machine: CircuitMachine,
    resetTimeout: number,
  ): SharedProbes | undefined {
    if (!('admit' in provider) || typeof provider.admit !== 'function') return undefined
    return new SharedProbes(provider as ProbingCircuitBreakerProvider, key, store, machine, resetTimeout)
  }

  private constructor(
    provider: ProbingCircuitBreakerProvider,
    key: string,
    store: CircuitStore,
    machine: CircuitMachine,
    resetTimeout: number,
  ) {
    this.#provider = provider
    this.#key = key
    this.#store = store
    this.#machine = machine
    this.#resetTimeout = resetTimeout
  }

  /**
   * Asks for a place among the probes. `undefined`: the circuit is closed by now, or the provider failed.
   *
   * @throws `Circuit breaker is open`.
   */
  async ask(): Promise<Permit | undefined> {
    this.#machine.check()
    const resetTimeout = this.#resetTimeout
    const admission = await this.#store.inOrder(() => this.#provider.admit(this.#key, { resetTimeout }))
    if (admission === undefined) return undefined
    if (!admission.admitted) {
      const { state, retryAt } = admission
      if (state === 'open' && retryAt !== undefined) this.#machine.stayOpen(Math.max(0, retryAt - Date.now()))
      throw new Error('Circuit breaker is open')
    }
    if (admission.state === 'half-open') return admission.permit
    if (this.#machine.state !== 'closed') this.#machine.close()
    return undefined
  }

  /** Begins the probe; gives its place back if another call of this process has begun meanwhile. */
  async begin(permit: Permit): Promise<number> {
    try {
      return this.#machine.admit()
    } catch (error) {
      await this.withdraw(permit)
      throw error
    }
  }

  /** Ends a probe that says nothing. */
  async withdraw(permit: Permit): Promise<void> {
    await this.#store.inOrder(() => this.#provider.withdrawn(permit))
  }

  /** @returns the state in the store. Whether the probe counts is its say: it may be of an earlier period, or too late. */
  async report(
    permit: Permit,
    generation: number,
    failed: boolean,
    { failureThreshold, successThreshold }: Thresholds,
  ): Promise<CircuitBreakerPersistedState | undefined> {
    const outcome = await this.#store.inOrder(() =>
      failed ? this.#provider.failed(permit, failureThreshold) : this.#provider.succeeded(permit, successThreshold),
    )
    if (outcome?.counted === false) this.#machine.endedNeutral(generation)
    else if (failed) this.#machine.failed(generation)
    else this.#machine.succeeded(generation)
    return outcome?.state ?? undefined
  }
}
