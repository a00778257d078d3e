import type { Permit } from '@go-go-scope/persistence-core/ports'
import type { CircuitState } from './circuit-breaker-options.js'
import type { CircuitMachine } from './circuit-machine.js'

/** A call that was admitted. */
export interface AdmittedCall {
  /** The generation of the machine that the call belongs to. */
  readonly generation: number
  /** The store's permit for the call, if the store gives permits. */
  readonly permit?: Permit
}

/** The outcome of a call. `neutral`: it says nothing about the service, for example because the call was aborted. */
export type CallOutcome = 'succeeded' | 'failed' | 'neutral'

/**
 * How calls pass a circuit. There are three implementations: in memory ({@link LocalCalls}), with the state in a store
 * (`StoredCalls`), and with permits from a store (`PermittedCalls`).
 */
export interface CircuitCalls {
  /**
   * Admits a call. Returns a promise only if the store has to be read, so that other calls start at once.
   *
   * @throws {CircuitOpenError} (or rejects with it) if the circuit does not admit the call.
   */
  admit(): AdmittedCall | Promise<AdmittedCall>
  /** Counts the outcome. Never rejects. */
  ended(call: AdmittedCall, outcome: CallOutcome): Promise<void>
  /** Must be called when the machine has changed its state. */
  stateChanged(to: CircuitState): void
  /** Resets the store after the machine was reset. Never rejects. */
  reset(): Promise<void>
  /** Stops listening to the store. The next call loads its state again. */
  disconnect(): void
}

/** The calls of a circuit that is in memory only. */
export class LocalCalls implements CircuitCalls {
  readonly #machine: CircuitMachine

  constructor(machine: CircuitMachine) {
    this.#machine = machine
  }

  admit(): AdmittedCall {
    return { generation: this.#machine.admit() }
  }

  async ended({ generation }: AdmittedCall, outcome: CallOutcome): Promise<void> {
    if (outcome === 'neutral') this.#machine.endedNeutral(generation)
    else if (outcome === 'failed') this.#machine.failed(generation)
    else this.#machine.succeeded(generation)
  }

  stateChanged(): void {}

  async reset(): Promise<void> {}

  disconnect(): void {}
}
