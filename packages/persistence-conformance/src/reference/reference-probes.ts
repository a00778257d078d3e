import type {
  Admission,
  AdmitOptions,
  CircuitBreakerPersistedState,
  Permit,
  ProbingCircuitBreakerProvider,
  ReportOutcome,
} from '@go-go-scope/persistence-core/ports'

interface Probe {
  readonly name: string
  begin: number
  readonly lease: number
}

interface Circuit {
  shown: CircuitBreakerPersistedState
  openedAt: number
  isolated: boolean
  successes: number
  probes: Probe[]
}

/** The breaker with probes in a Map, by the wall clock. */
export class ReferenceProbes implements Omit<ProbingCircuitBreakerProvider, 'subscribe'> {
  readonly #circuits = new Map<string, Circuit>()
  readonly #generations = new Map<string, number>()
  readonly #now: () => number
  #names = 0

  constructor(now: () => number) {
    this.#now = now
  }

  async getState(key: string): Promise<CircuitBreakerPersistedState | null> {
    return this.#circuits.get(key)?.shown ?? null
  }

  async setState(key: string, state: CircuitBreakerPersistedState): Promise<void> {
    this.#begin(key, { ...state }, this.#circuits.get(key))
  }

  async recordFailure(key: string, maxFailures: number): Promise<number> {
    const before = this.#circuits.get(key)?.shown ?? { state: 'closed', failureCount: 0 }
    const failureCount = before.failureCount + 1
    const after = { ...before, failureCount, lastFailureTime: this.#now() }
    const opens = before.state === 'half-open' || (before.state === 'closed' && failureCount >= maxFailures)
    if (opens) this.#begin(key, { ...after, state: 'open' })
    else this.#show(key, after)
    return failureCount
  }

  async recordSuccess(key: string): Promise<void> {
    const circuit = this.#circuits.get(key)
    if (circuit?.isolated === true) circuit.shown = { ...this.#healthy(), state: 'open' }
    else if (circuit === undefined || circuit.shown.state === 'closed') this.#show(key, this.#healthy())
    else this.#begin(key, this.#healthy())
  }

  async admit(key: string, { resetTimeout, probes = 1, lease }: AdmitOptions): Promise<Admission> {
    const circuit = this.#circuits.get(key)
    const generation = this.#generation(key)
    if (circuit === undefined || circuit.shown.state === 'closed') {
      return { admitted: true, state: 'closed', permit: { key, generation } }
    }
    if (circuit.isolated) return { admitted: false, state: 'open' }
    this.#followClock(circuit)
    const { state } = circuit.shown
    const waitedAt = circuit.openedAt + resetTimeout
    if (state === 'open' && waitedAt > this.#now()) return { admitted: false, state, retryAt: waitedAt }
    const under = circuit.probes.filter((probe) => this.#runs(probe))
    if (under.length >= probes) {
      const ends = under.map(({ begin, lease }) => begin + lease).toSorted((a, b) => b - a)
      return { admitted: false, state: 'half-open', retryAt: ends[probes - 1] as number }
    }
    const probe = { name: `probe ${++this.#names}`, begin: this.#now(), lease: lease ?? Math.max(resetTimeout, 1) }
    circuit.probes = [...under, probe]
    circuit.shown = { ...circuit.shown, state: 'half-open' }
    return { admitted: true, state: 'half-open', permit: { key, generation, probe: probe.name } }
  }

  async succeeded(permit: Permit, successThreshold = 1): Promise<ReportOutcome> {
    const { key, probe } = permit
    const circuit = this.#circuits.get(key)
    const counted = this.#counts(permit)
    if (counted && circuit !== undefined && probe === undefined) {
      // Only if there are failures to reset.
      if (circuit.shown.failureCount > 0) circuit.shown = this.#healthy()
    } else if (counted && circuit !== undefined) {
      circuit.successes++
      circuit.shown = { ...circuit.shown, lastSuccessTime: this.#now() }
      await this.withdrawn(permit)
      if (circuit.successes >= successThreshold) this.#begin(key, this.#healthy())
    }
    return { counted, state: await this.getState(key) }
  }

  async failed(permit: Permit, maxFailures = 5): Promise<ReportOutcome> {
    const counted = this.#counts(permit)
    if (counted) await this.recordFailure(permit.key, maxFailures)
    return { counted, state: await this.getState(permit.key) }
  }

  async withdrawn(permit: Permit): Promise<void> {
    const circuit = this.#circuits.get(permit.key)
    if (circuit === undefined || !this.#counts(permit)) return
    circuit.probes = circuit.probes.filter(({ name }) => name !== permit.probe)
  }

  async isolate(key: string): Promise<void> {
    const before = this.#circuits.get(key)
    this.#begin(key, { failureCount: 0, ...before?.shown, state: 'open' }, before).isolated = true
  }

  async reset(key: string): Promise<void> {
    this.#begin(key, { state: 'closed', failureCount: 0 })
  }

  #generation(key: string): number {
    return this.#generations.get(key) ?? 0
  }

  #healthy(): CircuitBreakerPersistedState {
    return { state: 'closed', failureCount: 0, lastSuccessTime: this.#now() }
  }

  #show(key: string, shown: CircuitBreakerPersistedState): void {
    const circuit = this.#circuits.get(key)
    if (circuit === undefined) this.#circuits.set(key, this.#made(shown, this.#now()))
    else circuit.shown = shown
  }

  /** Begins a new period. If the circuit was already in that state, its opening time stays. */
  #begin(key: string, shown: CircuitBreakerPersistedState, before?: Circuit): Circuit {
    const circuit = this.#made(shown, before?.shown.state === shown.state ? before.openedAt : this.#now())
    this.#circuits.set(key, circuit)
    this.#generations.set(key, this.#generation(key) + 1)
    return circuit
  }

  #made(shown: CircuitBreakerPersistedState, openedAt: number): Circuit {
    return { shown, openedAt, isolated: false, successes: 0, probes: [] }
  }

  #counts({ key, generation, probe }: Permit): boolean {
    if (generation !== this.#generation(key)) return false
    const under = this.#circuits.get(key)?.probes ?? []
    return probe === undefined || under.some((one) => one.name === probe && this.#runs(one))
  }

  #runs({ begin, lease }: Probe): boolean {
    return begin + lease > this.#now()
  }

  /** Moves an opening time that is in the future, because the clock was set back, to now. */
  #followClock(circuit: Circuit): void {
    circuit.openedAt = Math.min(circuit.openedAt, this.#now())
    for (const probe of circuit.probes) probe.begin = Math.min(probe.begin, this.#now())
  }
}
