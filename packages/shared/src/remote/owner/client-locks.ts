import { type Hold, type HoldListener, isLost } from '../../stores/lock/hold.js'
import type { LockManager } from '../../stores/lock/lock-manager.js'
import { type AnsweredLock, Granted } from '../wire/answer.js'
import { ByNumber } from '../wire/by-number.js'
import { clientOp } from '../wire/protocol.js'
import type { LockCommand } from './commands.js'
import { addHolder, type LockManagers, removeHolder } from './lock-managers.js'

const SLOTS = 512

interface Held {
  readonly prefix: string
  readonly manager: LockManager
  readonly hold: Hold
  /** How many handles of the hold this client has. */
  count: number
}

/** The locks in memory of one client. They are counted, so that exactly its own are released when it has gone. */
export class ClientLocks implements HoldListener {
  readonly #managers: LockManagers
  readonly #byToken = new ByNumber<Held>(SLOTS)
  readonly #lost: (prefix: string, hold: Hold, reason: string) => void
  #gone = false

  /** @param lost Called when a lock of this client is lost. */
  constructor(managers: LockManagers, lost: (prefix: string, hold: Hold, reason: string) => void) {
    this.#managers = managers
    this.#lost = lost
  }

  /** The number of locks that are held, some of which may have expired. */
  get size(): number {
    return this.#byToken.size
  }

  /** Runs a lock command. @returns the answer; not a promise where the locks are in the memory of this process. */
  run(command: LockCommand): AnsweredLock | Promise<AnsweredLock> {
    switch (command.op) {
      case clientOp.acquire: {
        const manager = this.#managers.of(command.prefix)
        const granted = manager.acquire(command.key, command.ttl, command.owner)
        if (!(granted instanceof Promise)) return granted && this.#granted(command.prefix, manager, granted)
        this.#managers.acquiring++
        return granted
          .then((hold) => hold && this.#granted(command.prefix, manager, hold))
          .finally(() => this.#managers.acquiring--)
      }
      case clientOp.extendOwned:
        return asNumber(this.#managers.of(command.prefix).extendOwned(command.key, command.owner, command.ttl))
      case clientOp.forceRelease:
        return this.#managers.of(command.prefix).forceRelease(command.key) as undefined | Promise<undefined>
      default: {
        const held = this.#byToken.get(command.token)
        if (held === undefined) return 0
        const { manager, hold } = held
        if (command.op === clientOp.isHeld) return asNumber(manager.isHeld(hold))
        if (command.op === clientOp.extend) return asNumber(manager.extend(hold, command.ttl))
        return asNumber(this.#release(held))
      }
    }
  }

  /** Releases all locks of the client, which has gone, and whatever it is granted from now on. */
  releaseAll(): void {
    this.#gone = true
    for (const { manager, hold, count } of this.#byToken.removeAll()) {
      removeHolder(hold, this)
      // Never rejects: the lock is in memory, here or at the owner of this connection.
      for (let left = count; left > 0; left--) void manager.release(hold)
    }
  }

  lost(hold: Hold, reason: string): void {
    const held = this.#byToken.get(hold.token)
    if (held === undefined) return
    this.#byToken.remove(hold.token)
    this.#lost(held.prefix, hold, reason)
  }

  #release(held: Held): boolean | Promise<boolean> {
    if (--held.count === 0) {
      this.#byToken.remove(held.hold.token)
      removeHolder(held.hold, this)
    }
    return held.manager.release(held.hold)
  }

  #granted(prefix: string, manager: LockManager, hold: Hold): Granted {
    if (this.#gone) void manager.release(hold)
    // The owner of this owner may have taken the lock away after it had granted it.
    if (this.#gone || isLost(hold)) return new Granted(hold.token, 0)
    const held = this.#byToken.get(hold.token)
    if (held !== undefined) held.count++
    else {
      this.#byToken.add(hold.token, { prefix, manager, hold, count: 1 })
      addHolder(hold, this)
    }
    return new Granted(hold.token, hold.expiresAt - manager.clock.monotonic())
  }
}

function asNumber(answer: boolean | Promise<boolean>): number | Promise<number> {
  return answer instanceof Promise ? answer.then(Number) : Number(answer)
}
