import type { LockHandle, LockProvider } from '@go-go-scope/persistence-core/ports'

interface Lease {
  owner: string
  expiresAt: number
  holds: number
}

/** The lock port in a Map. `now` should be monotonic. */
export class ReferenceLocks implements LockProvider {
  readonly #leases = new Map<string, Lease>()
  readonly #now: () => number
  #madeUp = 0

  constructor(now: () => number) {
    this.#now = now
  }

  async acquire(key: string, ttl: number, owner?: string): Promise<LockHandle | null> {
    const name = owner ?? `made up ${++this.#madeUp}`
    const lease = this.#live(key) ?? { owner: name, expiresAt: 0, holds: 0 }
    if (lease.owner !== name) return null
    this.#leases.set(key, lease)
    lease.holds++
    lease.expiresAt = Math.max(lease.expiresAt, this.#now() + ttl)
    return this.#handle(key, lease)
  }

  async extend(key: string, ttl: number, owner: string): Promise<boolean> {
    const lease = this.#live(key)
    if (lease?.owner !== owner) return false
    lease.expiresAt = this.#now() + ttl
    return true
  }

  async forceRelease(key: string): Promise<void> {
    this.#leases.delete(key)
  }

  #live(key: string): Lease | undefined {
    const lease = this.#leases.get(key)
    return lease !== undefined && lease.expiresAt > this.#now() ? lease : undefined
  }

  #handle(key: string, lease: Lease): LockHandle & { key: string; owner: string } {
    let held = true
    const holds = (): boolean => held && this.#live(key) === lease
    return {
      key,
      owner: lease.owner,
      release: async () => {
        if (holds() && --lease.holds === 0) this.#leases.delete(key)
        held = false
      },
      extend: async (ttl) => holds() && this.extend(key, ttl, lease.owner),
      isValid: async () => holds(),
    }
  }
}
