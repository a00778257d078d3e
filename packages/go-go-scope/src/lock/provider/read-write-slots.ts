import { AbortSource } from '../../cancellation/abort-source.js'
import { callSafely } from '../../errors/reporter.js'
import type { HeldLock } from '../lock-request.js'
import { type Attempt, gateKey, type LockTerms, SLOTS, slotKey, uniqueOwner } from './attempt.js'
import { LeasedLock } from './leased-lock.js'
import { WriteAttempt } from './write-attempt.js'

/**
 * A read-write lock on a provider that has only exclusive locks, which are acquired one by one and cannot be listed.
 * There are {@link SLOTS} reader slots, `lock:read:<key>:<slot>`, and a gate, `lock:write:<key>`.
 *
 * - The readers of one process share one slot. The first reader acquires any free slot, the last one releases it.
 * - A writer acquires the gate and then all slots, and keeps both until it releases.
 *
 * So a writer and a reader never hold the lock together, because a slot has one holder. Safety rests on the slots alone:
 * each is as safe as the provider's own exclusive lock, and no step relies on a result that may be out of date.
 *
 * - A reader passes the gate (acquires and releases it) before it acquires or joins a slot. A writer that waits for slots
 *   keeps the gate, so new readers cannot starve it. A pass is valid for one poll interval.
 * - If some slot is not free, a writer keeps the slots below it and releases those above. Writers thus wait for slots in
 *   ascending order, so two writers cannot deadlock.
 *
 * Costs: at most {@link SLOTS} processes read at a time (the next one waits); a writer renews SLOTS + 1 leases; a
 * reader with `timeout: 0` also gives up if another reader holds the gate at that moment.
 */
export class ReadWriteSlots {
  #shared: SharedSlot | undefined

  read(terms: LockTerms, gatePassMs: number): Attempt {
    return { committed: false, try: () => this.#read(terms, gatePassMs), abandon: async () => {} }
  }

  write(terms: LockTerms): Attempt {
    return new WriteAttempt(terms)
  }

  async #read(terms: LockTerms, gatePassMs: number): Promise<HeldLock | null> {
    if (this.#shared?.joinable(gatePassMs)) return this.#shared.join()
    const gate = await terms.provider.acquire(gateKey(terms), terms.ttl, uniqueOwner(terms))
    if (gate === null) return null
    try {
      if (!this.#shared?.alive) {
        const lease = await freeSlot(terms)
        if (lease === null) return null
        this.#shared = new SharedSlot(lease)
      }
      return this.#shared.join(true)
    } finally {
      // If this fails, the gate is free when it expires. Safety rests on the slot alone.
      await callSafely(terms.report, 'lock.release', () => gate.release())
    }
  }
}

async function freeSlot(terms: LockTerms): Promise<LeasedLock | null> {
  const one = { ...terms, owner: uniqueOwner(terms) }
  for (let slot = 0; slot < SLOTS; slot++) {
    const lease = await LeasedLock.acquire(one, slotKey(terms, slot))
    if (lease !== null) return lease
  }
  return null
}

/** The reader slot that the readers of one process share. The last reader releases it. */
class SharedSlot {
  readonly #lease: LeasedLock
  #readers = 0
  #over = false
  /** Monotonic ms. */
  #gatePassedAt = performance.now()

  constructor(lease: LeasedLock) {
    this.#lease = lease
  }

  get alive(): boolean {
    return !this.#over && !this.#lease.lost.aborted
  }

  /** Returns whether the slot is alive and a reader passed the gate less than `gatePassMs` ago. */
  joinable(gatePassMs: number): boolean {
    return this.alive && performance.now() - this.#gatePassedAt < gatePassMs
  }

  join(throughGate = false): HeldLock {
    if (throughGate) this.#gatePassedAt = performance.now()
    this.#readers++
    const lost = new AbortSource()
    const unlink = this.#lease.lost.onAbort((reason) => lost.abort(reason))
    let held = true
    return {
      lost,
      synchronous: false,
      release: async () => {
        if (!held) return
        held = false
        unlink()
        if (--this.#readers > 0) return
        this.#over = true
        await this.#lease.release()
      },
    }
  }
}
