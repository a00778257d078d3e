import { AsyncLocalStorage } from 'node:async_hooks'
import { randomInt } from 'node:crypto'
import { invalidArgument } from '../../arguments/invalid.js'
import type { Connection } from '../../connection/connection.js'
import { type DatabaseOwner, LoadedText, type LoadTurn } from '../../connection/database-owner.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import { isInRange } from '../../keys/key-range.js'
import { inNextTurn } from '../../time/clock.js'

/** The load from which the running code was called, also across awaits. */
const caller = new AsyncLocalStorage<Load>()
let running = 0
// `randomInt` takes at most 2^48.
const MAX_NUMBER = 2 ** 47
/** The loads of this thread by number: several connections may have one for the same load. */
const known = new Map<number, Set<Load>>()

function disableIfIdle(): void {
  if (running === 0) caller.disable()
}

/**
 * Returns the unique name of an entry among all cache tables. With `''`, returns how the names of all entries of the table start.
 */
export function entryOf(table: string, stored: string): string {
  return `${table.toLowerCase()}\0${stored}`
}

/** The value of a load whose client has gone, or has disconnected its adapter. The next waiting client gets the turn. */
export const PASSED_ON: unique symbol = Symbol('passed on')

/** Runs a load, and sets its `text` before it ends. */
export type Begin<T> = (load: Load) => Promise<T>

/** One call of a `load` function of `getOrSet`. All concurrent callers of its key share it. */
export class Load {
  readonly key: string
  /**
   * Returns whether this is the load of that entry, of this connection or of another one that has its turns from the same owner.
   */
  readonly isOf: (loads: Loads, entry: string) => boolean
  /** The loads whose code waits for this one. A load is listed once per wait. */
  readonly waiting: Load[] = []
  /** Whether its function was called and has not settled. */
  running = false
  /** Whether its key was written or deleted through this connection since it began. Its value is then not stored. */
  overtaken = false
  /** The result for all callers that share it; a {@link LoadedText} if another thread or process has loaded it. */
  value: Promise<unknown> | undefined
  /** The encoded value, once known. */
  text: string | undefined
  /** The turn that the owner of the database gave, where that is another thread or process. */
  turn: LoadTurn | undefined
  /** Identifies the load to the owner of the database and its clients, each of which may have an object for it. */
  #number: number | undefined
  /** Why it has failed, where its adapter was disconnected meanwhile. Callers of other adapters do not share that failure. */
  abandoned: { readonly error: unknown } | undefined
  /** Called when it is overtaken. */
  readonly atOvertaking: (() => void)[] = []

  constructor(isOf: Load['isOf'], key: string) {
    this.isOf = isOf
    this.key = key
  }

  /** Stands for a load of another connection, of which only the number is known. */
  static numbered(number: number): Load {
    const load = new Load(() => false, '')
    load.running = true
    load.#number = number
    return load
  }

  /** Makes it known in this thread by its number until {@link end}. @param number Of a load that has none. @returns its number. */
  identify(number: number = randomInt(MAX_NUMBER)): number {
    if (this.#number !== undefined) return this.#number
    this.#number = number
    const same = known.get(number)
    if (same === undefined) known.set(number, new Set([this]))
    else same.add(this)
    return number
  }

  end(): void {
    if (this.#number === undefined) return
    const same = known.get(this.#number)
    same?.delete(this)
    if (same?.size === 0) known.delete(this.#number)
  }

  /** The objects of this thread for the same load, this one included. */
  *same(): Iterable<Load> {
    yield this
    if (this.#number !== undefined) yield* known.get(this.#number) ?? []
  }

  async run<T>(load: () => T | Promise<T>): Promise<T> {
    this.running = true
    running++
    try {
      return await caller.run(this, load)
    } finally {
      this.running = false
      // On Node 20 and 22, an active AsyncLocalStorage slows every promise of the process. Enabling and disabling it also costs,
      // so it is disabled once after many loads, and not after each.
      if (--running === 0) inNextTurn(disableIfIdle)
    }
  }

  /** Stores the value with `write`, unless the load was overtaken. */
  async store(write: () => unknown): Promise<void> {
    if (this.overtaken) return
    await (this.turn === undefined ? write() : this.turn.store(write))
  }

  /**
   * {@link value}, for code that was called from the load `asking`.
   *
   * @param refused Rejects when the owner of the database finds that the two wait for each other.
   */
  async valueFor(asking: Load, refused: Promise<never> | undefined): Promise<unknown> {
    this.waiting.push(asking)
    try {
      return await (refused === undefined ? this.value : Promise.race([this.value, refused]))
    } finally {
      this.waiting.splice(this.waiting.indexOf(asking), 1)
    }
  }
}

/**
 * The running loads of `getOrSet` on one connection, by entry (see {@link entryOf}). All callers of an entry share its running
 * load, until the entry is written or deleted.
 */
export class Loads {
  readonly #owner: DatabaseOwner | undefined
  /** That of the connection which grants the turns to load, which may be this one. */
  readonly #lockOwnerPrefix: string
  readonly #byEntry = new Map<string, Load>()

  constructor({ owner, lockOwnerPrefix }: Connection) {
    this.#owner = owner
    this.#lockOwnerPrefix = lockOwnerPrefix
  }

  /**
   * Returns whether one load of an entry runs at a time across both: they are the same, or get their turns from one owner or from
   * each other.
   */
  sharesTurnsWith(other: Loads): boolean {
    return this.#lockOwnerPrefix === other.#lockOwnerPrefix
  }

  /** Whether there is no load; checked by every write. */
  get none(): boolean {
    return this.#byEntry.size === 0
  }

  /**
   * Returns the value of the running load of `entry`, or of a new one that `begin` runs.
   *
   * @param read Decodes a text that was loaded in another thread or process.
   * @param isConnected Returns whether the adapter of the caller is still connected.
   * @throws PersistenceError `INVALID_ARGUMENT` when the calling code was called from a load of that entry.
   */
  async share<T>(
    entry: string,
    key: string,
    begin: Begin<T>,
    read: (text: string) => T,
    isConnected: () => boolean,
  ): Promise<T> {
    const asking = caller.getStore()
    for (;;) {
      const { load, value } = this.enter(entry, key, begin, asking)
      const given = await value
      if (load.abandoned !== undefined && !isConnected()) throw load.abandoned.error
      if (given !== PASSED_ON) return given instanceof LoadedText ? read(given.text) : (given as T)
    }
  }

  /**
   * Starts a background load, unless `entry` has a running one.
   *
   * @returns its outcome; `undefined` when none was started.
   */
  refresh(entry: string, key: string, begin: Begin<unknown>): Promise<unknown> | undefined {
    if (this.#byEntry.has(entry)) return undefined
    const start = (): Promise<unknown> => this.enter(entry, key, begin, undefined).value
    // The caller may be the code of a load, which does not wait for this one.
    return caller.getStore() === undefined ? start() : caller.run(undefined as never, start)
  }

  /**
   * Returns the running load of `entry`, or a new one that `begin` runs, and its value: `PASSED_ON` for a caller that shares an
   * abandoned load.
   *
   * @param asking The load whose code asks.
   * @param number By which a client that begins the load knows it.
   * @throws PersistenceError as {@link share}.
   */
  enter(
    entry: string,
    key: string,
    begin: Begin<unknown>,
    asking: Load | undefined,
    number?: number,
  ): { readonly load: Load; readonly value: Promise<unknown> } {
    // Code that a load has started, such as a timer, may outlive it. It may ask for any key then.
    const inside = asking?.running === true ? asking : undefined
    if (inside !== undefined) this.#refuseCircle(inside, entry, key)
    const shared = this.#byEntry.get(entry)
    const load = shared ?? this.#begin(entry, key, begin, inside, number)
    const refused =
      shared === undefined || inside === undefined ? undefined : this.#refusalOfOwner(shared, entry, inside)
    const value = (inside === undefined ? load.value : load.valueFor(inside, refused)) as Promise<unknown>
    return { load, value: shared === undefined ? value : orPassedOn(load, value) }
  }

  /** Call it when a write of `entry` is sent. Later callers do not share a load that began before. */
  overtake(entry: string): void {
    const load = this.#byEntry.get(entry)
    if (load === undefined) return
    this.#byEntry.delete(entry)
    load.overtaken = true
    for (const notify of load.atOvertaking) notify()
  }

  /** Same for all entries whose names start with `start`. */
  overtakeAll(start: string): void {
    for (const entry of this.#byEntry.keys()) if (entry.startsWith(start)) this.overtake(entry)
  }

  /** Same for all entries from `first` up to but excluding `end`. */
  overtakeRange(first: string, end: string): void {
    for (const entry of this.#byEntry.keys()) if (isInRange(entry, { first, end })) this.overtake(entry)
  }

  #begin(
    entry: string,
    key: string,
    begin: Begin<unknown>,
    inside: Load | undefined,
    number: number | undefined,
  ): Load {
    const load = new Load((loads, other) => other === entry && loads.sharesTurnsWith(this), key)
    // Before it runs: its function may write the entry at once.
    this.#byEntry.set(entry, load)
    const owner = this.#owner
    const begun = owner === undefined ? begin(load) : this.#beginInTurn(owner, load, entry, begin, inside, number)
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
    entry: string,
    begin: Begin<unknown>,
    inside: Load | undefined,
    number: number | undefined,
  ): Promise<unknown> {
    const overtaken = (): void => {
      load.overtaken = true
      if (this.#byEntry.get(entry) === load) this.overtake(entry)
    }
    const request = { entry, key: load.key, inside: inside?.identify(), number, withoutText: false, overtaken }
    const turn = await owner.enterLoad(request)
    if (turn instanceof LoadedText) return turn
    load.turn = turn
    load.identify(turn.number)
    try {
      const value = await begin(load)
      if (value === PASSED_ON) turn.passOn()
      else turn.done(load.text as string)
      return value
    } catch (error) {
      if (load.abandoned !== undefined) turn.passOn()
      else turn.failed(error)
      throw error
    }
  }

  /**
   * Reports to the owner that the code of one load waits for another load of this connection. Without that, the owner would not
   * see a circle that goes through other threads and processes as well.
   *
   * @returns a promise that rejects when there is one, and else never settles; `undefined` where there is nobody to report to.
   */
  #refusalOfOwner({ key }: Load, entry: string, inside: Load): Promise<never> | undefined {
    const owner = this.#owner
    if (owner === undefined) return undefined
    return new Promise((_, reject) => {
      const [number, overtaken] = [undefined, () => undefined]
      owner.enterLoad({ entry, key, inside: inside.identify(), number, withoutText: true, overtaken }).then(
        // The load has ended there meanwhile. Who waits here gets its value.
        (turn) => turn instanceof LoadedText || turn.passOn(),
        // Another error is that of the load, or of the connection, which the load itself has too.
        (error: unknown) => error instanceof PersistenceError && error.code === 'INVALID_ARGUMENT' && reject(error),
      )
    })
  }

  /** Goes from the load that asks to those that wait for it, and on to those that wait for them. */
  #refuseCircle(asking: Load, entry: string, key: string): void {
    const askedBy = new Map<Load, Load | undefined>()
    const add = (loads: Iterable<Load>, next: Load | undefined): void => {
      for (const load of loads) if (!askedBy.has(load)) askedBy.set(load, next)
    }
    add(asking.same(), undefined)
    for (const load of askedBy.keys()) {
      if (load.isOf(this, entry)) throw circle(load, askedBy, key)
      for (const waiting of load.waiting) add(waiting.same(), load)
    }
  }
}

/** Returns the value of a load that another caller began. */
async function orPassedOn(load: Load, value: Promise<unknown>): Promise<unknown> {
  try {
    return await value
  } catch (error) {
    if (load.abandoned === undefined) throw error
    return PASSED_ON
  }
}

function circle(first: Load, next: ReadonlyMap<Load, Load | undefined>, key: string): PersistenceError {
  const between: string[] = []
  for (let load = next.get(first); load !== undefined; load = next.get(load)) between.push(JSON.stringify(load.key))
  const through = between.length === 0 ? '' : `, through that of ${between.join(' and that of ')}`
  return invalidArgument(
    'cache.getOrSet',
    `the load of ${JSON.stringify(key)} asks for ${JSON.stringify(key)} itself${through}, and would wait for ever; let it compute the value, or store it under another key`,
  )
}
