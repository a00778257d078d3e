import type { Permit } from '@go-go-scope/persistence-core/ports'
import type { CircuitState } from './circuit-breaker-options.js'
import type { CircuitMachine } from './circuit-machine.js'

/** A call that was let through. */
export interface AdmittedCall {
  /** The generation of the machine that the call belongs to. */
  readonly generation: number
  /** The store's permit for the call, where the store gives permits. */
  readonly permit?: Permit
}

/** `neutral`: the call says nothing about what the circuit guards, as one that was aborted. */
export type CallOutcome = 'succeeded' | 'failed' | 'neutral'

/**
 * The way of a call through a circuit. There are three: in memory ({@link LocalCalls}), with the state in a store
 * (`StoredCalls`), and with permits that the store gives (`PermittedCalls`).
 */
export interface CircuitCalls {
  /**
   * Lets a call through. A promise only where the store has to be asked, so that other calls begin at once.
   *
   * @throws {CircuitOpenError} (or rejects with it) when the circuit does not let the call through.
   */
  admit(): AdmittedCall | Promise<AdmittedCall>
  /** Counts the outcome. Never rejects. */
  ended(call: AdmittedCall, outcome: CallOutcome): Promise<void>
  /** The machine has changed its state. */
  stateChanged(to: CircuitState): void
  /** The machine was reset: the store, if there is one, follows. Never rejects. */
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
