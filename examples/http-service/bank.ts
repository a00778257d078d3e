import type { Persistence } from './database.ts'

const RESET_MS = 2_000
const MAX_FAILURES = 3
const TIMEOUT_MS = 10_000

/** The error when the bank was not reachable or failed. */
export class BankError extends Error {}

/** The error when the bank was not called, because earlier calls failed. */
export class CircuitOpenError extends BankError {
  /** Epoch ms from which a retry makes sense. */
  readonly retryAt: number

  constructor(retryAt: number) {
    super('the bank does not answer; it is asked again in a while')
    this.retryAt = retryAt
  }
}

/** The external service that this one depends on, behind a circuit breaker that all processes share. */
export class Bank {
  readonly #url: string
  readonly #breaker: Persistence['circuitBreaker']

  constructor(url: string, breaker: Persistence['circuitBreaker']) {
    this.#url = url
    this.#breaker = breaker
  }

  rate(currency: string): Promise<{ rate: number }> {
    return this.#ask('rates', currency)
  }

  /** Charges an amount. @param key The bank charges once per key, however often it is called. */
  charge(key: string, amount: number): Promise<{ receipt: string }> {
    return this.#ask('charges', key, { method: 'PUT', body: JSON.stringify({ amount }) })
  }

  statement(period: number): Promise<{ charges: number }> {
    return this.#ask('statements', String(period))
  }

  /** Calls the bank. The breaker is shared: it counts the failures of all processes and admits one probe among them. */
  async #ask<Answer>(what: string, name: string, request?: RequestInit): Promise<Answer> {
    const admission = await this.#breaker.admit(`bank ${what}`, { resetTimeout: RESET_MS })
    if (!admission.admitted) throw new CircuitOpenError(admission.retryAt ?? Date.now() + RESET_MS)
    let answer: Answer
    try {
      answer = await this.#send<Answer>(`${what}/${encodeURIComponent(name)}`, request)
    } catch (cause) {
      await this.#breaker.failed(admission.permit, MAX_FAILURES)
      throw new BankError('the bank failed', { cause })
    }
    await this.#breaker.succeeded(admission.permit)
    return answer
  }

  async #send<Answer>(path: string, request?: RequestInit): Promise<Answer> {
    const response = await fetch(`${this.#url}/${path}`, { ...request, signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (!response.ok) throw new Error(`the bank answered ${response.status} to ${path}`)
    return response.json() as Promise<Answer>
  }
}
