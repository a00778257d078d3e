import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Simulates the bank and records the requests. */
export class BankStandIn {
  /** Whether charges fail. */
  down = false
  /** The maximum number of concurrent requests for statements. */
  mostStatements = 0

  /** The number of requests for each path. */
  readonly #asked = new Map<string, number>()
  readonly #server: Server
  readonly #held = new Map<string, { reached(): void; released: Promise<void> }>()
  #statements = 0

  static async start(): Promise<BankStandIn> {
    const bank = new BankStandIn()
    bank.#server.listen(0, '127.0.0.1')
    await once(bank.#server, 'listening')
    return bank
  }

  private constructor() {
    this.#server = createServer(async ({ url = '' }, response) => {
      const path = decodeURIComponent(url)
      const { status, body } = await this.#answer(path)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Returns the number of requests for each path that starts with `start`. */
  requests(start: string): number[] {
    return [...this.#asked].filter(([path]) => path.startsWith(start)).map(([, requests]) => requests)
  }

  /** Delays the answer to the first request for a path until `release` is called. */
  hold(path: string): { reached: Promise<void>; release(): void } {
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const reached = new Promise<void>((resolve) => {
      this.#held.set(path, { reached: resolve, released })
    })
    return { reached, release }
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  async #answer(path: string): Promise<{ status: number; body: object }> {
    this.#asked.set(path, (this.#asked.get(path) ?? 0) + 1)
    if (this.down && path.startsWith('/charges/')) return { status: 500, body: {} }
    const held = this.#held.get(path)
    if (held !== undefined) {
      this.#held.delete(path)
      held.reached()
      await held.released
    }
    if (path.startsWith('/rates/')) return { status: 200, body: { rate: 1.1 } }
    if (path.startsWith('/charges/')) return { status: 200, body: { receipt: path.slice('/charges/'.length) } }
    this.mostStatements = Math.max(this.mostStatements, ++this.#statements)
    await new Promise((resolve) => setTimeout(resolve, 20))
    this.#statements--
    return { status: 200, body: { charges: this.requests('/charges/').length } }
  }
}
