import { untilAborted } from '../../arguments/abort-signal.js'
import type { Connection } from '../../connection/connection.js'
import { LoadedText, LoadRefusal } from '../../connection/database-owner.js'
import { Load, RELEASED } from '../../stores/cache/load.js'
import { Loads } from '../../stores/cache/loads.js'
import { nextTurn } from '../../time/clock.js'
import { clientOp, type Item, MAX_WAITS, ownerOp } from '../wire/protocol.js'
import { MalformedMessage } from '../wire/reader.js'
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
type Waiting = Extract<LoadNotification, { readonly load: number }>

/** The loads of `getOrSet` that one client runs and waits for. */
export class ClientLoads {
  readonly #loads: Loads
  readonly #notify: (...items: Item[]) => void
  readonly #turns = new Map<number, Turn>()
  /** The waits that the client has entered, each with the load that it waits for: another one when the turn was passed on. */
  readonly #entered = new Map<number, Load>()
  /** For each wait, of which the code of a load may give up one. */
  readonly #givingUp = new Map<number, AbortController>()
  /** The waits that have arrived and have not ended. */
  #count = 0
  #ended = false

  constructor(connection: Connection, notify: (...items: Item[]) => void) {
    this.#loads = connection.shared(Loads)
    this.#notify = notify
  }

  /** Counts a wait that has arrived. @throws MalformedMessage for more than a client may have. */
  count(): void {
    if (++this.#count > 2 * MAX_WAITS) throw new MalformedMessage('more is pending than a client may have')
  }

  run(notification: LoadNotification): void {
    if ('inside' in notification) {
      const { wait } = notification
      const givingUp = new AbortController()
      this.#givingUp.set(wait, givingUp)
      const { signal } = givingUp
      const waiting = 'entry' in notification ? this.#enter(notification, signal) : this.#waitFor(notification, signal)
      void waiting.finally(() => {
        this.#count--
        this.#givingUp.delete(wait)
      })
      return
    }
    if (notification.op === clientOp.giveUpWait) {
      this.#givingUp.get(notification.wait)?.abort()
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

  /** Releases the turns of the client, which has gone, to the next waiting callers. */
  releaseAll(): void {
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

  async #enter({ wait, entry, key, inside }: Entering, signal: AbortSignal): Promise<void> {
    // No client of ours does that. Its turn would replace one that the others wait for.
    if (this.#entered.has(wait)) return
    const asking = inside === 0 ? undefined : Load.numbered(inside)
    let isOwn = false
    const begin = (load: Load): Promise<unknown> => {
      isOwn = true
      return this.#give(wait, load)
    }
    try {
      while (!this.#ended) {
        const { load, value } = this.#loads.enter({ entry, key, begin, number: wait, signal }, asking)
        this.#entered.set(wait, load)
        load.onOvertaken.push(() => this.#notify(ownerOp.overtaken, wait))
        const given = await value
        if (isOwn || this.#ended) return
        if (given === RELEASED) continue
        this.#notify(ownerOp.loaded, wait, given instanceof LoadedText ? given.text : (load.text as string))
        return
      }
    } catch (error) {
      // The client whose own load failed knows.
      if (!isOwn && !this.#refuse(wait, error)) this.#notify(ownerOp.loadFailed, wait, writeError(error))
    } finally {
      this.#entered.delete(wait)
    }
  }

  /** The client has a wait for the load itself, from which it gets the value and learns that it was overtaken. */
  async #waitFor({ wait, load, inside }: Waiting, signal: AbortSignal): Promise<void> {
    try {
      while (!this.#ended && !signal.aborted) {
        const entered = this.#entered.get(load)
        if (entered === undefined) break
        const value = this.#loads.waitFor(entered, Load.numbered(inside), signal)
        // The client waits for the answer before it forgets a wait, also one that was given up.
        if ((await untilAborted(signal, value)) !== RELEASED) break
        // By then, the client's own wait has ended or waits for the next load.
        await nextTurn()
      }
      this.#notify(ownerOp.loaded, wait, '')
    } catch (error) {
      // If the load has failed, the client's own wait for it reports that.
      if (!this.#refuse(wait, error)) this.#notify(ownerOp.loaded, wait, '')
    }
  }

  /** @returns whether the error is a refusal. */
  #refuse(wait: number, error: unknown): boolean {
    const reason = LoadRefusal.reasonOf(error)
    if (reason !== undefined) this.#notify(ownerOp.loadRefused, wait, writeError(reason))
    return reason !== undefined
  }

  #give(wait: number, load: Load): Promise<unknown> {
    // An owner that is a client of another one gives the turn when it gets it, and this client may have gone meanwhile.
    if (this.#ended) return Promise.resolve(RELEASED)
    load.running = true
    load.identify(wait)
    return new Promise((settle, reject) => {
      this.#turns.set(wait, { load, settle, reject })
      this.#notify(ownerOp.turn, wait)
    })
  }
}
