import { PersistenceError } from '../../errors/persistence-error.js'
import { keepSettlers, rejectLast, resolveLast } from '../../queue/settlers.js'
import { nothing } from '../../queue/statement.js'
import type { Sweeper } from '../../session/sweeper.js'
import { expiryOf, type Hold, isLost, moveExpiry } from '../../stores/lock/hold.js'
import type { HoldTable } from '../../stores/lock/hold-table.js'
import { HoldTables } from '../../stores/lock/hold-tables.js'
import type { LockManager, LockSession } from '../../stores/lock/lock-manager.js'
import { wakeFirstWaiter } from '../../stores/lock/wait-queue.js'
import type { Clock } from '../../time/clock.js'
import { type Answer, Granted } from '../wire/answer.js'
import { clientOp, type Item, lockUnits } from '../wire/protocol.js'
import type { RemoteOwner } from './remote-owner.js'
import type { Request } from './request.js'

/**
 * Locks in the memory of the owner, shared by all of its clients. Only the owner decides; the table here knows what was granted
 * to this client, for the signals. A lease is counted from before the request was sent, so that it never ends later here than
 * at the owner.
 */
export class RemoteLockManager implements LockManager {
  readonly clock: Clock
  readonly kind = 'process'
  readonly sweepers: readonly Sweeper[] = []
  readonly #owner: RemoteOwner
  readonly #session: LockSession
  readonly #prefix: string
  readonly #holds: HoldTable

  constructor(session: LockSession, owner: RemoteOwner) {
    this.clock = session.clock
    this.#owner = owner
    this.#session = session
    this.#prefix = session.prefix
    this.#holds = HoldTables.of(session, 'process')
    owner.followLocks(session.connection.shared(HoldTables))
  }

  get held(): number {
    return this.#holds.size
  }

  now(): number {
    return this.clock.now()
  }

  ownerOf(hold: Hold): string {
    return hold.owner ?? `${this.#owner.lockOwnerPrefix}-${hold.token}`
  }

  acquire(key: string, ttl: number, owner: string | undefined): Promise<Hold | undefined> {
    const asked = this.clock.monotonic()
    const items = [clientOp.acquire, this.#prefix, key, ttl, owner ?? null]
    const units = lockUnits(this.#prefix, key, owner)
    return this.#ask(
      new LockRequest('lock.acquire', units, items, (answer) =>
        answer instanceof Granted ? this.#granted(key, owner, answer, asked) : undefined,
      ),
    )
  }

  async isHeld(hold: Hold): Promise<boolean> {
    return !isLost(hold) && this.#confirm('lock.isValid', lockUnits(), [clientOp.isHeld, hold.token], hold, nothing)
  }

  async extend(hold: Hold, ttl: number): Promise<boolean> {
    if (isLost(hold) || !this.#session.ready) return false
    const asked = this.clock.monotonic()
    return this.#confirm('lock.extend', lockUnits(), [clientOp.extend, hold.token, ttl], hold, () => {
      // It may have been found lost meanwhile, and an aborted signal cannot be reset.
      if (!isLost(hold)) moveExpiry(hold, asked + ttl)
    })
  }

  async extendOwned(key: string, owner: string, ttl: number): Promise<boolean> {
    if (!this.#session.ready) return false
    const asked = this.clock.monotonic()
    const known = this.#holds.get(key)
    const hold = known !== undefined && this.ownerOf(known) === owner ? known : undefined
    const units = lockUnits(this.#prefix, key, owner)
    return this.#confirm('lock.extend', units, [clientOp.extendOwned, this.#prefix, key, owner, ttl], hold, () => {
      // As in `extend`.
      if (hold !== undefined && !isLost(hold)) moveExpiry(hold, asked + ttl)
    })
  }

  /** Releases a lock. @returns false for one that is lost, for example with its owner. */
  release(hold: Hold): boolean | Promise<boolean> {
    if (isLost(hold)) return false
    return this.#confirm('lock.release', lockUnits(), [clientOp.release, hold.token], hold, () => {
      this.#holds.release(hold)
      this.#wake(hold.key)
    })
  }

  waitQueueOf(key: string): string {
    return `${this.#holds.name}:${key}`
  }

  forceRelease(key: string): Promise<void> {
    const items = [clientOp.forceRelease, this.#prefix, key]
    return this.#ask(
      new LockRequest('lock.forceRelease', lockUnits(this.#prefix, key), items, () => {
        this.#holds.drop(key, `lock ${JSON.stringify(key)} was force-released`)
        this.#wake(key)
      }),
    )
  }

  #wake(key: string): void {
    wakeFirstWaiter(this, key)
  }

  #granted(key: string, owner: string | undefined, { token, left }: Granted, asked: number): Hold {
    const known = this.#holds.get(key)
    if (known?.token === token) {
      known.count++
      if (asked + left > known.expiresAt) moveExpiry(known, asked + left)
      return known
    }
    if (known !== undefined) this.#holds.lose(known, `${expiryOf(key)} and another owner took it`)
    const hold: Hold = { key, token, owner, expiresAt: asked + left, count: 1, lease: undefined }
    this.#holds.add(hold)
    return hold
  }

  /** @param confirmed Called if the owner confirms. If it denies, `hold` is lost. */
  #confirm(
    name: string,
    units: number,
    items: readonly Item[],
    hold: Hold | undefined,
    confirmed: () => void,
  ): Promise<boolean> {
    return this.#ask(
      new Confirmation(name, units, items, (answer) => {
        if (answer === 1) confirmed()
        else if (hold !== undefined && !isLost(hold)) {
          this.#holds.lose(hold, `${expiryOf(hold.key)} or was taken away`)
          this.#wake(hold.key)
        }
        return answer === 1
      }),
    )
  }

  #ask<Result>(request: LockRequest<Result>): Promise<Result> {
    this.#owner.channel.request(request)
    return request.promise
  }
}

/** A lock request. */
class LockRequest<Result> implements Request {
  readonly name: string
  readonly units: number
  readonly writes = true
  readonly awaited = true
  readonly promise: Promise<Result>
  protected readonly resolve: (result: Result) => void
  readonly #fail: (error: unknown) => void
  readonly #items: readonly Item[]
  readonly #read: (answer: Answer) => Result

  /** @param read Called while the message is read: the next operation in it may be about the same lock. */
  constructor(name: string, units: number, items: readonly Item[], read: (answer: Answer) => Result) {
    this.name = name
    this.units = units
    this.promise = new Promise(keepSettlers)
    this.resolve = resolveLast
    this.#fail = rejectLast
    this.#items = items
    this.#read = read
  }

  write(out: Item[]): void {
    for (const op of this.#items) out.push(op)
  }

  settle(answer: Answer): void {
    this.resolve(this.#read(answer))
  }

  reject(error: unknown): void {
    this.#fail(error)
  }
}

/** A lock request with a boolean answer. A PersistenceError gives `false`: nothing can be confirmed. */
class Confirmation extends LockRequest<boolean> {
  override reject(error: unknown): void {
    if (error instanceof PersistenceError) this.resolve(false)
    else super.reject(error)
  }
}
