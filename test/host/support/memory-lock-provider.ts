import type { LockHandle, LockProvider } from 'go-go-scope'

interface Held {
  owner: string
  holds: number
  expiresAt: number
}

/** The lock port in memory with only the classic methods. Several providers over the same `locks` simulate processes. */
export class MemoryLockProvider implements LockProvider {
  readonly locks: Map<string, Held>
  /** The keys of all calls, in order. */
  readonly asked: string[] = []

  constructor(locks: Map<string, Held> = new Map()) {
    this.locks = locks
  }

  async acquire(key: string, ttl: number, owner: string = crypto.randomUUID()): Promise<LockHandle | null> {
    this.asked.push(key)
    const held = this.#held(key)
    if (held !== undefined && held.owner !== owner) return null
    const mine = { owner, holds: (held?.holds ?? 0) + 1, expiresAt: performance.now() + ttl }
    this.locks.set(key, mine)
    let released = false
    return {
      release: async () => {
        const now = this.#held(key)
        if (released || now?.owner !== owner) return
        released = true
        if (--now.holds === 0) this.locks.delete(key)
      },
      extend: async (next) => !released && this.extend(key, next, owner),
      isValid: async () => !released && this.#held(key)?.owner === owner,
    }
  }

  async extend(key: string, ttl: number, owner: string): Promise<boolean> {
    const held = this.#held(key)
    if (held?.owner !== owner) return false
    held.expiresAt = performance.now() + ttl
    return true
  }

  async forceRelease(key: string): Promise<void> {
    this.locks.delete(key)
  }

  #held(key: string): Held | undefined {
    const held = this.locks.get(key)
    return held !== undefined && held.expiresAt > performance.now() ? held : undefined
  }
}
