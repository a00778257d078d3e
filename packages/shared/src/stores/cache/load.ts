import { AsyncLocalStorage } from 'node:async_hooks'
import { untilAborted } from '../../arguments/abort-signal.js'
import { invalidArgument } from '../../arguments/invalid.js'
import {
  LoadRefusal,
  type LoadRequest,
  type LoadTurn,
  randomLoadNumber,
  type WaitInLoad,
} from '../../connection/database-owner.js'
import type { PersistenceError } from '../../errors/persistence-error.js'
import { inNextTurn } from '../../time/clock.js'
import type { LoadRun } from './cache-provider.js'

/** The load from which the running code was called, also across awaits. */
const callingLoads = new AsyncLocalStorage<Load>()
let runningLoads = 0
/** The loads of this thread by number: several connections may have an object for the same load. */
const loadsByNumber = new Map<number, Set<Load>>()

function disableIfIdle(): void {
  if (runningLoads === 0) callingLoads.disable()
}

/** Returns the load from which the running code was called; `undefined` outside of loads. */
export function callingLoad(): Load | undefined {
  return callingLoads.getStore()
}

/** Runs `start` as if no load had called it. */
export function outsideLoads<Result>(start: () => Result): Result {
  return callingLoads.getStore() === undefined ? start() : callingLoads.run(undefined as never, start)
}

/** The value of a load whose client has gone, or has disconnected its adapter. The next waiting client gets the turn. */
export const RELEASED: unique symbol = Symbol('released')

/** An entry of a cache table, as loads know it. */
export interface EntryToLoad {
  /** The name of the entry, unique among all cache tables. */
  readonly entry: string
  /** Identifies who grants the turns to load: one load of an entry runs at a time across all connections that share it. */
  readonly turnsFrom: string
}

/** One call of a `load` function of `getOrSet`, with the loads that wait for it. All concurrent callers of its key share it. */
export class Load {
  readonly key: string
  /** `undefined` for a load that only stands for one of another connection. */
  readonly #of: EntryToLoad | undefined
  /** The loads whose code waits for this one. A load is listed once per wait. */
  readonly #waiting: Load[] = []
  /** Whether its function was called and has not settled. */
  running = false
  /** Whether its key was written or deleted through this connection since it began. Its value is then not stored. */
  overtaken = false
  /** The result for all callers that share it; a `LoadedText` if another thread or process has loaded it. */
  value: Promise<unknown> | undefined
  /** The encoded value, once known. */
  text: string | undefined
  /** What the owner of the database was asked for, if that is another thread or process. */
  request: LoadRequest | undefined
  /** The turn that it has granted. */
  turn: LoadTurn | undefined
  /** Identifies the load to the owner of the database and its clients, each of which may have an object for it. */
  #number: number | undefined
  /**
   * Why it has failed, if its adapter was disconnected meanwhile, or the code that began it was refused. Callers of other adapters,
   * and other callers, do not share that failure.
   */
  abandoned: { readonly error: unknown } | undefined
  /** The number of those that need its value. Without any the function is told to stop. */
  callers = 0
  readonly #abort = new AbortController()
  /** Called when it is overtaken. */
  readonly onOvertaken: (() => void)[] = []

  constructor(of: EntryToLoad | undefined, key: string) {
    this.#of = of
    this.key = key
  }

  /** Returns a load that stands for one of another connection, of which only the number is known. */
  static numbered(number: number): Load {
    const load = new Load(undefined, '')
    load.running = true
    load.#number = number
    return load
  }

  /**
   * Returns the number of the load. One without a number gets `number`, and can be found by it in this thread until {@link end}.
   */
  identify(number: number = randomLoadNumber()): number {
    if (this.#number !== undefined) return this.#number
    this.#number = number
    const same = loadsByNumber.get(number)
    if (same === undefined) loadsByNumber.set(number, new Set([this]))
    else same.add(this)
    return number
  }

  /** Forgets its number. Call it when {@link value} has settled. */
  end(): void {
    if (this.#number === undefined) return
    const same = loadsByNumber.get(this.#number)
    same?.delete(this)
    if (same?.size === 0) loadsByNumber.delete(this.#number)
  }

  /** Whether callers that share it do not share its failure: the next one loads again. */
  get isPassedOn(): boolean {
    return this.abandoned !== undefined || this.#abort.signal.aborted
  }

  async run<T>(load: (run: LoadRun) => T | Promise<T>): Promise<T> {
    const { signal } = this.#abort
    // Its callers may have given up while it waited for its turn.
    signal.throwIfAborted()
    this.running = true
    runningLoads++
    try {
      return await callingLoads.run(this, load, { signal })
    } finally {
      this.running = false
      // On Node 20 and 22, an active AsyncLocalStorage slows every promise of the process. Enabling and disabling it also costs,
      // so it is disabled once after many loads, and not after each.
      if (--runningLoads === 0) inNextTurn(disableIfIdle)
    }
  }

  /** Stores the value with `write`, unless the load was overtaken. */
  async store(write: () => unknown): Promise<void> {
    if (this.overtaken) return
    await (this.turn === undefined ? write() : this.turn.store(write))
  }

  /** Returns `value` to a caller. The caller gives up when its `signal` aborts, and the last one stops the load. */
  async given<T>(value: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    this.callers++
    try {
      return await untilAborted(signal, value)
    } catch (error) {
      if (signal?.aborted && this.callers === 1) this.#abort.abort(signal.reason)
      throw error
    } finally {
      this.callers--
    }
  }

  /**
   * Returns `value`, which is that of this load, to code that was called from the load `asking`.
   *
   * @param wait The wait at the owner of the database, which sees circles that go through other threads and processes as well.
   * @param signal Ends the wait, so that `asking` is no longer part of a circle. The value is returned all the same.
   */
  async valueFor(
    asking: Load,
    value: Promise<unknown>,
    wait: WaitInLoad | undefined,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    this.#waiting.push(asking)
    try {
      return await untilAborted(signal, Promise.race([value, wait?.refused ?? value]))
    } catch (error) {
      if (!signal?.aborted) throw error
      wait?.giveUp?.()
    } finally {
      this.#waiting.splice(this.#waiting.indexOf(asking), 1)
    }
    return value
  }

  /**
   * Searches from this load through the loads that wait for it, directly or through others.
   *
   * @param asked The entry that the code of this load asks for.
   * @param key Its key, for the message.
   * @throws LoadRefusal when one of them is the load of that entry: each would wait for the next forever.
   */
  refuseCircle(asked: EntryToLoad, key: string): void {
    this.#refuse((load) => load.#isOf(asked), key)
  }

  /** As {@link refuseCircle}, for code that waits for the load `awaited`, of whose entry there may be a newer load. */
  refuseCircleThrough(awaited: Load): void {
    this.#refuse((load) => load === awaited, awaited.key)
  }

  #refuse(isAsked: (load: Load) => boolean, key: string): void {
    // Each load with the one that it waits for. A Map also iterates over entries that are added meanwhile.
    const waitsFor = new Map<Load, Load | undefined>()
    const add = (loads: Iterable<Load>, next: Load | undefined): void => {
      for (const load of loads) if (!waitsFor.has(load)) waitsFor.set(load, next)
    }
    add(this.#same(), undefined)
    for (const load of waitsFor.keys()) {
      if (isAsked(load)) throw new LoadRefusal(circle(load, waitsFor, key))
      for (const waiting of load.#waiting) add(waiting.#same(), load)
    }
  }

  #isOf({ entry, turnsFrom }: EntryToLoad): boolean {
    return this.#of?.entry === entry && this.#of.turnsFrom === turnsFrom
  }

  /** The objects of this thread for the same load, this one included. */
  *#same(): Iterable<Load> {
    yield this
    if (this.#number !== undefined) yield* loadsByNumber.get(this.#number) ?? []
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
