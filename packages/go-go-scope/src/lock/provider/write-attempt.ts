import { AbortSource } from '../../cancellation/abort-source.js'
import { throwFirstRejection } from '../../errors/throw-first-rejection.js'
import type { HeldLock } from '../lock-request.js'
import { type Attempt, gateKey, type LockTerms, SLOTS, slotKey, uniqueOwner } from './attempt.js'
import { LeasedLock } from './leased-lock.js'

/** An attempt to acquire the write lock: the gate first, then every reader slot. read-write-slots.ts has the protocol. */
export class WriteAttempt implements Attempt {
  readonly #terms: LockTerms
  #gate: LeasedLock | undefined
  /** The slots it holds. Their numbers are the indexes of this array. */
  #slots: LeasedLock[] = []

  constructor(terms: LockTerms) {
    // The provider would give the gate of a writer that has lost its lock, with its token, to a next one with the same owner.
    this.#terms = { ...terms, owner: uniqueOwner(terms) }
  }

  get committed(): boolean {
    return this.#gate !== undefined
  }

  async try(): Promise<HeldLock | null> {
    if (this.#gate?.lost.aborted) await this.abandon()
    this.#gate ??= (await LeasedLock.acquire(this.#terms, gateKey(this.#terms))) ?? undefined
    if (this.#gate === undefined) return null
    await this.#keepBelow(this.#slots.findIndex((slot) => slot.lost.aborted))
    await this.#takeSlots()
    return this.#slots.length === SLOTS ? this.#asLock(this.#gate, this.#slots) : null
  }

  async abandon(): Promise<void> {
    const leases = this.#gate === undefined ? this.#slots : [...this.#slots, this.#gate]
    this.#gate = undefined
    this.#slots = []
    await this.#releaseAll(leases)
  }

  async #takeSlots(): Promise<void> {
    const first = this.#slots.length
    const asked = Array.from({ length: SLOTS - first }, (_, index) =>
      LeasedLock.acquire(this.#terms, slotKey(this.#terms, first + index)),
    )
    const answers = await Promise.allSettled(asked)
    const leases = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : null))
    const taken = leases.indexOf(null)
    const kept = taken === -1 ? leases.length : taken
    this.#slots.push(...leases.slice(0, kept).filter((lease) => lease !== null))
    await this.#releaseAll(leases.slice(kept).filter((lease) => lease !== null))
    throwFirstRejection(answers)
  }

  /** Releases slot `index` and those above; -1 keeps all. */
  async #keepBelow(index: number): Promise<void> {
    if (index !== -1) await this.#releaseAll(this.#slots.splice(index))
  }

  #asLock(gate: LeasedLock, slots: LeasedLock[]): HeldLock {
    const lost = new AbortSource()
    const unlink = [gate, ...slots].map((lease) => lease.lost.onAbort((reason) => lost.abort(reason)))
    return {
      lost,
      synchronous: false,
      handle: gate.handle,
      release: async () => {
        for (const stop of unlink) stop()
        throwFirstRejection(await Promise.allSettled([...slots, gate].map((lease) => lease.release())))
      },
    }
  }

  async #releaseAll(leases: LeasedLock[]): Promise<void> {
    const { report } = this.#terms
    await Promise.all(leases.map((lease) => lease.release().catch((error: unknown) => report('lock.release', error))))
  }
}
