import { PersistenceError } from './persistence-error.js'

/** `CIRCUIT_OPEN`: the circuit breaker has refused a call of `run`, which was not made. */
export class CircuitOpenError extends PersistenceError {
  /** Epoch ms from which a call can be admitted; `undefined` for an isolated circuit, which stays open until it is reset. */
  readonly retryAt: number | undefined
  /** `false` for an isolated circuit. */
  override readonly retryable: boolean

  constructor(key: string, state: 'open' | 'half-open', retryAt: number | undefined) {
    const why =
      retryAt === undefined ? 'isolated; reset it to admit calls' : `${state}; try again at ${retryAt} (epoch ms)`
    super('CIRCUIT_OPEN', 'circuitBreaker.run', `circuitBreaker.run: the circuit ${JSON.stringify(key)} is ${why}`)
    this.retryAt = retryAt
    this.retryable = retryAt !== undefined
  }
}
