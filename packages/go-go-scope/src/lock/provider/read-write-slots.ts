import { callSafely } from '../../errors/reporter.js'
import type { Hold } from '../lock-request.js'
import type { Attempt, Claimant } from './attempt.js'
import { gateKey, ownerOfOne, SLOTS, slotKey } from './attempt.js'
import { LeasedLock } from './leased-lock.js'
import { ReadGroup } from './read-group.js'
import { WriteAttempt } from './write-attempt.js'

/**
 * Readers and a writer over a provider that knows only exclusive locks, which are taken one by one and cannot be
 * listed. There are {@link SLOTS} reader slots, `lock:read:<key>:<slot>`, and a gate, `lock:write:<key>`.
 *
 * - The readers of one process share one slot. The first takes any free slot, the last gives it back.
 * - A writer takes the gate and then all slots, and keeps both until it releases.
 *
 * So a writer and a reader never hold together, for the same reason that two holders of one slot do not: safety rests
 * on the slots alone, each as good as the provider's own exclusive lock, with no step whose outcome may be out of date.
 *
 * - A reader passes the gate (takes it and gives it back) before it takes or joins a slot. A writer that waits for slots
 *   keeps the gate, so readers that keep coming cannot starve it. A pass is good for one poll interval.
 * - A writer whose slots are not all free keeps those below the first taken one and gives back the others: slots are
 *   waited for in ascending order, so two writers cannot wait for each other.
 *
 * Prices: at most {@link SLOTS} processes read at a time (the next one waits); a writer renews SLOTS + 1 leases; a
 * reader with `timeout: 0` also gives up when another reader is at the gate in that very moment.
 */
export class ReadWriteSlots {
  #group: ReadGroup | undefined

  read(claimant: Claimant, gatePassMs: number): Attempt {
    return { committed: false, try: () => this.#read(claimant, gatePassMs), abandon: async () => {} }
  }

  write(claimant: Claimant): Attempt {
    return new WriteAttempt(claimant)
  }

  async #read(claimant: Claimant, gatePassMs: number): Promise<Hold | null> {
    if (this.#group?.joinable(gatePassMs)) return this.#group.join()
    const gate = await claimant.provider.acquire(gateKey(claimant), claimant.ttl, ownerOfOne(claimant))
    if (gate === null) return null
    try {
      if (!this.#group?.alive) {
        const lease = await freeSlot(claimant)
        if (lease === null) return null
        this.#group = new ReadGroup(lease)
      }
      return this.#group.join(true)
    } finally {
      // It expires by itself if this fails; the slot is what counts.
      await callSafely(claimant.report, 'lock.release', () => gate.release())
    }
  }
}

async function freeSlot(claimant: Claimant): Promise<LeasedLock | null> {
  const one = { ...claimant, owner: ownerOfOne(claimant) }
  for (let slot = 0; slot < SLOTS; slot++) {
    const lease = await LeasedLock.acquire(one, slotKey(claimant, slot))
    if (lease !== null) return lease
  }
  return null
}
