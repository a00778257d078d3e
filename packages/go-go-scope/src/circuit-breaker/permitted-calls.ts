import type {
  CircuitBreakerPersistedState,
  CircuitBreakerStateProvider,
  Permit,
  ProbingCircuitBreakerProvider,
  ReportOutcome,
} from '@go-go-scope/persistence-sqlite-core/ports'
import { CircuitOpenError } from '../errors/error-classes.js'
import type { CircuitMachine } from './circuit-machine.js'
import type { CircuitStore } from './circuit-store.js'

interface Thresholds {
  readonly failureThreshold: number
  readonly successThreshold: number
}

/**
 * The permits of calls, where the provider gives them: one breaker for all processes. It decides who probes a half-open
 * circuit, and a report counts only in the period of the circuit its call began in, so a call that began before another
 * process opened the circuit does not close it. While the circuit is closed the calls of a process share one permit, and
 * the provider is only asked at the start of a period. When it fails, this process goes on by itself.
 */
export class SharedPermits {
  readonly #provider: ProbingCircuitBreakerProvider
  readonly #key: string
  readonly #store: CircuitStore
  readonly #machine: CircuitMachine
  /** ms. */
  readonly #resetTimeout: number
  #closed: { readonly permit: Permit; readonly generation: number } | undefined

  /** `false` for a provider that knows only the classic methods. */
  static areGivenBy(provider: CircuitBreakerStateProvider): provider is ProbingCircuitBreakerProvider {
    return 'admit' in provider && typeof provider.admit === 'function'
  }

  constructor(
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

  /** The permit of a closed circuit, as far as this process knows. */
  get current(): Permit | undefined {
    return this.#closed?.generation === this.#machine.generation ? this.#closed.permit : undefined
  }

  /**
   * Asks for a permit; with a `probe` in it the call is one. `undefined`: the provider failed.
   *
   * @throws {CircuitOpenError} also when another process holds the circuit open, or is probing it.
   */
  async ask(): Promise<Permit | undefined> {
    const machine = this.#machine
    machine.check()
    const resetTimeout = this.#resetTimeout
    const admission = await this.#store.inOrder(() => this.#provider.admit(this.#key, { resetTimeout }))
    if (admission === undefined) return undefined
    if (admission.state === 'closed') {
      if (machine.state !== 'closed') machine.close()
      this.#closed = { permit: admission.permit, generation: machine.generation }
      return admission.permit
    }
    // Opened by another process, and not heard of yet.
    if (machine.state === 'closed') machine.open(resetTimeout)
    if (admission.admitted) return admission.permit
    // Only an isolated circuit has no time.
    const { state, retryAt = Number.POSITIVE_INFINITY } = admission
    if (state === 'open' && retryAt < Number.POSITIVE_INFINITY) machine.stayOpen(Math.max(0, retryAt - Date.now()))
    throw new CircuitOpenError(retryAt)
  }

  /** Begins a probe; gives its place back if another call of this process has begun meanwhile. */
  async begin(probe: Permit): Promise<number> {
    try {
      return this.#machine.admit()
    } catch (error) {
      await this.withdraw(probe)
      throw error
    }
  }

  /** Ends a probe that says nothing. */
  async withdraw(probe: Permit): Promise<void> {
    await this.#store.inOrder(() => this.#provider.withdrawn(probe))
  }

  /** @returns the state in the store. Whether the probe counts is its say: it may be of an earlier period, or too late. */
  async reportProbe(
    probe: Permit,
    generation: number,
    failed: boolean,
    thresholds: Thresholds,
  ): Promise<CircuitBreakerPersistedState | undefined> {
    const outcome = await this.report(probe, failed, thresholds)
    if (outcome?.counted === false) this.#machine.endedNeutral(generation)
    else if (failed) this.#machine.failed(generation)
    else this.#machine.succeeded(generation)
    return outcome?.state ?? undefined
  }

  /** Reports a call; `undefined` when the provider failed. After a report that does not count, a new permit is due. */
  async report(
    permit: Permit,
    failed: boolean,
    { failureThreshold, successThreshold }: Thresholds,
  ): Promise<ReportOutcome | undefined> {
    const outcome = await this.#store.inOrder(() =>
      failed ? this.#provider.failed(permit, failureThreshold) : this.#provider.succeeded(permit, successThreshold),
    )
    if (outcome?.counted === false && this.#closed?.permit === permit) this.#closed = undefined
    return outcome
  }
}
