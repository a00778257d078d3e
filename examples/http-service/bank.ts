import type { Persistence } from './database.ts'

const RULES = { resetTimeout: 2_000, maxFailures: 3 }
const TIMEOUT_MS = 10_000

/** The error when the bank was not reachable or failed. */
export class BankError extends Error {}

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
  #ask<Answer>(what: string, name: string, request?: RequestInit): Promise<Answer> {
    const call = () => this.#send<Answer>(`${what}/${encodeURIComponent(name)}`, request)
    return this.#breaker.run(`bank ${what}`, call, RULES)
  }

  async #send<Answer>(path: string, request?: RequestInit): Promise<Answer> {
    try {
      const response = await fetch(`${this.#url}/${path}`, { ...request, signal: AbortSignal.timeout(TIMEOUT_MS) })
      if (!response.ok) throw new Error(`the bank answered ${response.status} to ${path}`)
      return (await response.json()) as Answer
    } catch (cause) {
      throw new BankError('the bank failed', { cause })
    }
  }
}
