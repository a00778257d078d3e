import type { Connection } from '../../connection/connection.js'
import { type DatabaseOwner, LoadedText, LoadRefusal, type WaitInLoad } from '../../connection/database-owner.js'
import { isInRange } from '../../keys/key-range.js'
import { callingLoad, Load, outsideLoads, RELEASED } from './load.js'

/**
 * Returns the unique name of an entry among all cache tables. With `''`, returns how the names of all entries of the table start.
 */
export function entryOf(table: string, stored: string): string {
  return `${table.toLowerCase()}\0${stored}`
}

/** The load of an entry that a caller of `getOrSet` needs. */
export interface NeededLoad<T> {
  /** The name of the entry; see {@link entryOf}. */
  readonly entry: string
  /** The key as the caller passed it, for errors. */
  readonly key: string
  /** Runs the load if there is none to share, and sets its `text` before it ends. */
  readonly begin: (load: Load) => Promise<T>
  /** Ends the wait of the caller. */
  readonly signal?: AbortSignal | undefined
  /** The number of a new load, if a client has chosen one. */
  readonly number?: number
}

/**
 * The running loads of `getOrSet` on one connection, by entry (see {@link entryOf}). All callers of an entry share its running
 * load, until the entry is written or deleted.
 */
export class Loads {
  readonly #owner: DatabaseOwner | undefined
  /** The `lockOwnerPrefix` of the connection that grants the turns to load, which may be this one. */
  readonly #turnsFrom: string
  readonly #byEntry = new Map<string, Load>()

  constructor({ owner, lockOwnerPrefix }: Connection) {
    this.#owner = owner
    this.#turnsFrom = lockOwnerPrefix
  }

  /** Whether there is no load; checked by every write. */
  get isEmpty(): boolean {
    return this.#byEntry.size === 0
  }

  /**
   * Returns the value of the running load of the entry, or of a new one.
   *
   * @param read Decodes a text that was loaded in another thread or process.
   * @param isConnected Returns whether the adapter of the caller is still connected.
   * @throws PersistenceError the reason of a {@link LoadRefusal}; the reason of the caller's signal.
   */
  async share<T>(needed: NeededLoad<T>, read: (text: string) => T, isConnected: () => boolean): Promise<T> {
    const asking = callingLoad()
    try {
      for (;;) {
        needed.signal?.throwIfAborted()
        const { load, value } = this.enter(needed, asking)
        const given = await load.given(value, needed.signal)
        if (load.abandoned !== undefined && !isConnected()) throw load.abandoned.error
        if (given !== RELEASED) return given instanceof LoadedText ? read(given.text) : (given as T)
      }
    } catch (error) {
      throw LoadRefusal.reasonOf(error) ?? error
    }
  }

  /**
   * Starts a background load, unless the entry has a running one.
   *
   * @returns its outcome; `undefined` when none was started.
   */
  refresh(needed: NeededLoad<unknown>): Promise<unknown> | undefined {
    if (this.#byEntry.has(needed.entry)) return undefined
    // The caller may be the code of a load, which does not wait for this one.
    return outsideLoads(() => {
      const { load, value } = this.enter(needed, undefined)
      load.callers++
      return value
    })
  }

  /**
   * Returns the running load of the entry, or a new one, and its value: `RELEASED` for a caller that shares a load that was passed on.
   *
   * @param asking The load whose code is the caller.
   * @throws LoadRefusal
   */
  enter(
    needed: NeededLoad<unknown>,
    asking: Load | undefined,
  ): { readonly load: Load; readonly value: Promise<unknown> } {
    const { entry, key, signal } = needed
    // Code that a load has started, such as a timer, may outlive it. It may ask for any key then.
    const inside = asking?.running === true ? asking : undefined
    inside?.refuseCircle({ entry, turnsFrom: this.#turnsFrom }, key)
    const shared = this.#byEntry.get(entry)
    if (shared !== undefined) return { load: shared, value: this.#valueOf(shared, inside, signal) }
    const load = this.#begin(needed, inside)
    const value = load.value as Promise<unknown>
    return { load, value: inside === undefined ? value : load.valueFor(inside, value, load.request, signal) }
  }

  /**
   * Returns the value of `load`, which is not necessarily the newest of its entry, to the code of the load `inside`: `RELEASED`
   * when it was passed on.
   *
   * @throws LoadRefusal
   */
  waitFor(load: Load, inside: Load, signal: AbortSignal): Promise<unknown> {
    inside.refuseCircleThrough(load)
    return this.#valueOf(load, inside, signal)
  }

  /** Returns the value of a load that another caller began. */
  #valueOf(load: Load, inside: Load | undefined, signal?: AbortSignal): Promise<unknown> {
    // The refusal of this wait is for the caller also where the load was passed on.
    const value = orReleased(load, load.value as Promise<unknown>)
    return inside === undefined ? value : load.valueFor(inside, value, this.#reportWait(load, inside), signal)
  }

  /** Call it when a write of `entry` is sent. Later callers do not share a load that began before. */
  overtake(entry: string): void {
    const load = this.#byEntry.get(entry)
    if (load === undefined) return
    this.#byEntry.delete(entry)
    load.overtaken = true
    for (const notify of load.onOvertaken) notify()
  }

  /** Same for all entries whose names start with `start`. */
  overtakeAll(start: string): void {
    for (const entry of this.#byEntry.keys()) if (entry.startsWith(start)) this.overtake(entry)
  }

  /** Same for all entries from `first` up to but excluding `end`. */
  overtakeRange(first: string, end: string): void {
    for (const entry of this.#byEntry.keys()) if (isInRange(entry, { first, end })) this.overtake(entry)
  }

  #begin(needed: NeededLoad<unknown>, inside: Load | undefined): Load {
    const { entry, key, begin, number } = needed
    const load = new Load({ entry, turnsFrom: this.#turnsFrom }, key)
    // A client needs it also while this connection waits for the turn.
    if (number !== undefined) load.callers++
    // Before it runs: its function may write the entry at once.
    this.#byEntry.set(entry, load)
    const owner = this.#owner
    const begun = owner === undefined ? begin(load) : this.#beginInTurn(owner, load, needed, inside)
    load.value = begun.finally(() => {
      if (this.#byEntry.get(entry) === load) this.#byEntry.delete(entry)
      load.end()
    })
    return load
  }

  /** One load of an entry runs at a time across all clients of the owner of the database. */
  async #beginInTurn(
    owner: DatabaseOwner,
    load: Load,
    { entry, key, begin, number }: NeededLoad<unknown>,
    inside: Load | undefined,
  ): Promise<unknown> {
    const overtaken = (): void => {
      load.overtaken = true
      if (this.#byEntry.get(entry) === load) this.overtake(entry)
    }
    load.request = { entry, key, inside: inside?.identify(), number, overtaken }
    const turn = await owner.enterLoad(load.request).catch((error: unknown) => {
      if (LoadRefusal.reasonOf(error) !== undefined) load.abandoned = { error }
      throw error
    })
    if (turn instanceof LoadedText) return turn
    load.turn = turn
    load.identify(turn.number)
    try {
      const value = await begin(load)
      if (value === RELEASED) turn.release()
      else turn.done(load.text as string)
      return value
    } catch (error) {
      if (load.isPassedOn) turn.release()
      else turn.failed(error)
      throw error
    }
  }

  /**
   * Reports to the owner that the code of one load waits for another load of this connection. Without that, the owner would not
   * see a circle that goes through other threads and processes as well.
   */
  #reportWait({ request }: Load, inside: Load): WaitInLoad | undefined {
    return request && this.#owner?.waitInLoad(request, inside.identify())
  }
}

/** Returns the value of a load that another caller began. */
async function orReleased(load: Load, value: Promise<unknown>): Promise<unknown> {
  try {
    return await value
  } catch (error) {
    if (!load.isPassedOn) throw error
    return RELEASED
  }
}
