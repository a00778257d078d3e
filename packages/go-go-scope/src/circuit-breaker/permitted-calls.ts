import type {
  Admission,
  CircuitBreakerStateProvider,
  Permit,
  ProbingCircuitBreakerProvider,
  ReportOutcome,
} from '@go-go-scope/persistence-core/ports'
import { CircuitOpenError } from '../errors/error-classes.js'
import type { AdmittedCall, CallOutcome, CircuitCalls } from './circuit-calls.js'
import type { CircuitMachine } from './circuit-machine.js'
import type { CircuitStore } from './circuit-store.js'
import { StoredCalls, type StoredRules } from './stored-calls.js'

/**
 * The calls of a circuit whose store gives permits: one breaker for all processes. The store decides which call probes a
 * half-open circuit. An outcome counts only in the period in which its call began, so a call that began before another
 * process opened the circuit does not close it. While the circuit is closed, the calls of a process share one permit, and
 * the store is read only at the start of a period. If the store fails, calls run without permits.
 */
export class PermittedCalls implements CircuitCalls {
  readonly #provider: ProbingCircuitBreakerProvider
  readonly #key: string
  readonly #store: CircuitStore
  readonly #machine: CircuitMachine
  readonly #rules: StoredRules
  /** The state in the store, and the calls without a permit. */
  readonly #stored: StoredCalls
  #closed: { readonly permit: Permit; readonly generation: number } | undefined
  /** The permit of this process's latest probe. */
  #latestProbe: Permit | undefined
  /** The store's period of a late success that could not be counted, because another process had the place. */
  #lateSuccess: number | undefined

  /** Whether the provider gives permits; `false` if it has only the classic methods. */
  static areGivenBy(provider: CircuitBreakerStateProvider): provider is ProbingCircuitBreakerProvider {
    return 'admit' in provider && typeof provider.admit === 'function'
  }

  constructor(
    provider: ProbingCircuitBreakerProvider,
    key: string,
    store: CircuitStore,
    machine: CircuitMachine,
    rules: StoredRules,
  ) {
    this.#provider = provider
    this.#key = key
    this.#store = store
    this.#machine = machine
    this.#rules = rules
    this.#stored = new StoredCalls(store, machine, rules)
  }

  admit(): AdmittedCall | Promise<AdmittedCall> {
    const permit = this.#stored.loaded ? this.#sharedPermit : undefined
    return permit === undefined ? this.#ask() : { generation: this.#machine.admit(), permit }
  }

  async ended(call: AdmittedCall, outcome: CallOutcome): Promise<void> {
    const { permit, generation } = call
    if (permit === undefined) await this.#stored.ended(call, outcome)
    else if (outcome === 'neutral') {
      this.#machine.endedNeutral(generation)
      if (permit.probe !== undefined) await this.#withdraw(permit)
    } else if (permit.probe !== undefined) await this.#probeEnded(permit, generation, outcome)
    else if (outcome === 'succeeded') {
      if (this.#machine.succeeded(generation)) await this.#report(permit, outcome)
    } else if (this.#machine.failed(generation)) {
      await this.#stored.storeFailure(() => this.#report(permit, outcome))
    }
  }

  /** Does nothing: the store has given the permit to probe, so it knows. */
  stateChanged(): void {}

  reset(): Promise<void> {
    return this.#stored.reset()
  }

  disconnect(): void {
    this.#stored.disconnect()
  }

  /** The shared permit, while the circuit is closed as far as this process knows. */
  get #sharedPermit(): Permit | undefined {
    return this.#closed?.generation === this.#machine.generation ? this.#closed.permit : undefined
  }

  async #ask(): Promise<AdmittedCall> {
    if (!this.#stored.loaded) await this.#stored.load()
    const permit = this.#sharedPermit ?? (await this.#askForPermit())
    if (permit === undefined) return { generation: this.#machine.admit() }
    if (permit.probe === undefined) return { generation: this.#machine.admit(), permit }
    try {
      return { generation: this.#machine.admit(), permit }
    } catch (error) {
      // Another call of this process has begun to probe meanwhile.
      await this.#withdraw(permit)
      throw error
    }
  }

  /**
   * Returns a permit of the store; `undefined` if the store failed. A permit with a `probe` makes the call the probe.
   *
   * @throws {CircuitOpenError} also if another process has opened the circuit or is probing it.
   */
  async #askForPermit(): Promise<Permit | undefined> {
    const machine = this.#machine
    machine.check()
    const { generation } = machine
    const admission = await this.#requestAdmission()
    if (admission === undefined) return undefined
    if (admission.state === 'closed') {
      // Failures of later calls have opened the circuit meanwhile. The store gets them only after this answer.
      if (machine.state !== 'closed' && machine.generation !== generation) return this.#askForPermit()
      if (machine.state !== 'closed') machine.close()
      this.#closed = { permit: admission.permit, generation: machine.generation }
      return admission.permit
    }
    // Another process opened the circuit, and its notification has not arrived yet.
    if (machine.state === 'closed') machine.open(this.#resetTimeout)
    if (admission.admitted) {
      this.#latestProbe = admission.permit
      if (this.#lateSuccess !== admission.permit.generation) return admission.permit
      this.#lateSuccess = undefined
      const report = await this.#reportOutcome(admission.permit, 'succeeded')
      // The place may still be taken, by this call.
      if (report === undefined) return admission.permit
      if (report.state) this.#stored.follow(report.state)
      return this.#askForPermit()
    }
    // Only an isolated circuit has no `retryAt`.
    const { state, retryAt = Number.POSITIVE_INFINITY } = admission
    if (state === 'open' && retryAt < Number.POSITIVE_INFINITY) machine.stayOpen(Math.max(0, retryAt - Date.now()))
    throw new CircuitOpenError(retryAt)
  }

  /** ms. Stores reject Infinity. */
  get #resetTimeout(): number {
    return Math.min(this.#rules.resetTimeout, Number.MAX_SAFE_INTEGER)
  }

  #requestAdmission(): Promise<Admission | undefined> {
    return this.#store.inOrder(() => this.#provider.admit(this.#key, { resetTimeout: this.#resetTimeout }))
  }

  async #withdraw(probe: Permit): Promise<void> {
    await this.#store.inOrder(() => this.#provider.withdrawn(probe))
  }

  /** Reports a probe. The store decides whether it counts, because the probe may be too late or of an earlier period. */
  async #probeEnded(probe: Permit, generation: number, outcome: CallOutcome): Promise<void> {
    const counts = await this.#reportOutcome(probe, outcome)
    const late = outcome === 'succeeded' && counts?.counted === false && counts.state?.state === 'half-open'
    const report = (late ? await this.#reportLateSuccess(probe) : undefined) ?? counts
    if (report?.counted === false) this.#machine.endedNeutral(generation)
    else if (outcome === 'failed') this.#machine.failed(generation)
    else this.#machine.succeeded(generation)
    if (report?.state) this.#stored.follow(report.state)
  }

  /**
   * Reports a success that came after the place of its probe was lost, in the place of a later probe. Without it, a service whose
   * calls take longer than the reset timeout would never close its circuit. While another process has the place, the success is kept
   * until this process gets one.
   *
   * @returns `undefined` if the period of the probe is over.
   */
  async #reportLateSuccess({ generation }: Permit): Promise<ReportOutcome | undefined> {
    const admission = await this.#requestAdmission()
    const place = admission?.admitted ? admission.permit : this.#latestProbe
    if (place?.generation === generation) {
      const report = await this.#reportOutcome(place, 'succeeded')
      if (report?.counted === false) this.#lateSuccess = generation
      return report
    }
    if (admission?.admitted) await this.#withdraw(admission.permit)
    return undefined
  }

  /** Reports a call in a closed circuit. Returns the shared count, or `undefined` if the outcome does not count. */
  async #report(permit: Permit, outcome: CallOutcome): Promise<number | undefined> {
    const report = await this.#reportOutcome(permit, outcome)
    if (report?.counted) return report.state?.failureCount
    if (report?.state) this.#stored.follow(report.state)
    return undefined
  }

  /** Returns `undefined` if the store failed. After a report that does not count, the process needs a new permit. */
  async #reportOutcome(permit: Permit, outcome: CallOutcome): Promise<ReportOutcome | undefined> {
    const { failureThreshold, successThreshold } = this.#rules
    const report = await this.#store.inOrder(() =>
      outcome === 'failed'
        ? this.#provider.failed(permit, failureThreshold())
        : this.#provider.succeeded(permit, successThreshold),
    )
    if (report?.counted === false) this.#closed = undefined
    return report
  }
}
