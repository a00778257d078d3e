import type { Connection } from '../../connection/connection.js'
import { LoadedText } from '../../connection/database-owner.js'
import { Load, RELEASED } from '../../stores/cache/load.js'
import { Loads } from '../../stores/cache/loads.js'
import { clientOp, type Item, ownerOp } from '../wire/protocol.js'
import { writeError } from '../wire/wire-error.js'
import type { Notification } from './commands.js'

/** A turn to load that a client has. */
interface Turn {
  readonly load: Load
  readonly settle: (value: LoadedText | typeof RELEASED) => void
  readonly reject: (error: unknown) => void
}

type LoadNotification = Extract<Notification, { readonly wait: number }>
type Entering = Extract<LoadNotification, { readonly entry: string }>

/** The loads of `getOrSet` that one client runs and waits for. */
export class ClientLoads {
  readonly #loads: Loads
  readonly #notify: (...items: Item[]) => void
  readonly #turns = new Map<number, Turn>()
  #ended = false

  constructor(connection: Connection, notify: (...items: Item[]) => void) {
    this.#loads = connection.shared(Loads)
    this.#notify = notify
  }

  run(notification: LoadNotification): void {
    if ('entry' in notification) {
      void this.#enter(notification)
      return
    }
    const turn = this.#turns.get(notification.wait)
    if (turn === undefined) return
    this.#end(notification.wait, turn)
    if (notification.op === clientOp.loadPassedOn) turn.settle(RELEASED)
    else if (notification.op === clientOp.loadFailed) turn.reject(notification.error)
    else {
      turn.load.text = notification.text
      turn.settle(new LoadedText(notification.text))
    }
  }

  /** The load whose value a call stores; `undefined` when the load has ended. */
  loadOf(wait: number): Load | undefined {
    return this.#turns.get(wait)?.load
  }

  /** Passes the turns of the client, which has gone, to the next waiting callers. */
  passOn(): void {
    this.#ended = true
    for (const [wait, turn] of this.#turns) {
      this.#end(wait, turn)
      turn.settle(RELEASED)
    }
  }

  #end(wait: number, { load }: Turn): void {
    this.#turns.delete(wait)
    load.running = false
  }

  async #enter({ op, wait, entry, key, inside }: Entering): Promise<void> {
    const asking = inside === 0 ? undefined : Load.numbered(inside)
    // Otherwise the client has a wait for this load already, from which it gets the value and learns that it was overtaken.
    const wantsText = op === clientOp.enterLoad
    let isOwn = false
    const begin = (load: Load): Promise<unknown> => {
      isOwn = true
      return this.#give(wait, load)
    }
    try {
      while (!this.#ended) {
        const { load, value } = this.#loads.enter({ entry, key, begin, number: wait }, asking)
        if (wantsText) load.onOvertaken.push(() => this.#notify(ownerOp.overtaken, wait))
        const given = await value
        if (isOwn || this.#ended) return
        if (given === RELEASED) continue
        const text = given instanceof LoadedText ? given.text : (load.text as string)
        this.#notify(ownerOp.loaded, wait, wantsText ? text : '')
        return
      }
    } catch (error) {
      // The client whose own load failed knows.
      if (!isOwn) this.#notify(ownerOp.loadFailed, wait, writeError(error))
    }
  }

  #give(wait: number, load: Load): Promise<unknown> {
    load.running = true
    load.identify(wait)
    return new Promise((settle, reject) => {
      this.#turns.set(wait, { load, settle, reject })
      this.#notify(ownerOp.turn, wait)
    })
  }
}
