import { AsyncLocalStorage } from 'node:async_hooks'
import { invalidArgument } from '../../arguments/invalid.js'
import type { PersistenceError } from '../../errors/persistence-error.js'

/** The load that the running code was called from, also across its awaits. */
const caller = new AsyncLocalStorage<Load>()
let running = 0

function disableIfIdle(): void {
  if (running === 0) caller.disable()
}

/** One call of a `load` function of `getOrSet`, shared by all callers that ask for its key meanwhile. */
export class Load {
  readonly key: string
  /** Whether it is the load of that entry of that connection. */
  readonly isOf: (loads: Loads, entry: string) => boolean
  /** The loads whose code waits for this one, each as often as it does. */
  readonly waiting: Load[] = []
  /** Whether its function has been called and has not settled. */
  running = false
  /** Whether its key was written or deleted through this connection since it began: its value must not be stored. */
  overtaken = false
  /** What all callers that share it get. */
  value: Promise<unknown> | undefined

  constructor(loads: Loads, entry: string, key: string) {
    this.key = key
    this.isOf = (otherLoads, otherEntry) => otherLoads === loads && otherEntry === entry
  }

  async run<T>(load: () => T | Promise<T>): Promise<T> {
    this.running = true
    running++
    try {
      return await caller.run(this, load)
    } finally {
      this.running = false
      // On Node 20 and 22 a storage that is in use slows every promise of the process, and so does taking it in and out
      // of use: not for each of many loads that follow one another.
      if (--running === 0) setImmediate(disableIfIdle)
    }
  }

  /** {@link value}, for code that was called from the load `asking`. */
  async valueFor(asking: Load): Promise<unknown> {
    this.waiting.push(asking)
    try {
      return await this.value
    } finally {
      this.waiting.splice(this.waiting.indexOf(asking), 1)
    }
  }
}

/**
 * The loads of `getOrSet` under way on one connection, by entry, which is named by the table and the stored key. All
 * callers that ask for an entry share the load that is under way for it, until the entry is written or deleted.
 */
export class Loads {
  readonly #byEntry = new Map<string, Load>()

  /** Whether there is none; every write asks. */
  get none(): boolean {
    return this.#byEntry.size === 0
  }

  /**
   * The value of the load under way for `entry`, or else of the one that `begin` is given to run.
   *
   * @throws PersistenceError `INVALID_ARGUMENT` when the code that asks was called from a load of that entry.
   */
  share<T>(entry: string, key: string, begin: (load: Load) => Promise<T>): Promise<T> {
    const asking = caller.getStore()
    // What a load has started may outlive it, a timer for example, and may ask for any key then.
    const inside = asking?.running === true
    if (inside) this.#refuseCircle(asking, entry, key)
    const load = this.#byEntry.get(entry) ?? this.#begin(entry, key, begin)
    return (inside ? load.valueFor(asking) : load.value) as Promise<T>
  }

  /** To be called when a write of `entry` is sent: callers that ask from now on do not get what was loaded before it. */
  overtake(entry: string): void {
    const load = this.#byEntry.get(entry)
    if (load === undefined) return
    load.overtaken = true
    this.#byEntry.delete(entry)
  }

  /** The same for all entries whose names begin with `start`. */
  overtakeAll(start: string): void {
    for (const entry of this.#byEntry.keys()) if (entry.startsWith(start)) this.overtake(entry)
  }

  #begin<T>(entry: string, key: string, begin: (load: Load) => Promise<T>): Load {
    const load = new Load(this, entry, key)
    // Before it runs: its function may write the entry at once.
    this.#byEntry.set(entry, load)
    load.value = begin(load).finally(() => {
      if (this.#byEntry.get(entry) === load) this.#byEntry.delete(entry)
    })
    return load
  }

  /** Goes from the load that asks to those that wait for it, and on to those that wait for them. */
  #refuseCircle(asking: Load, entry: string, key: string): void {
    const askedBy = new Map<Load, Load | undefined>([[asking, undefined]])
    for (const load of askedBy.keys()) {
      if (load.isOf(this, entry)) throw circle(load, askedBy, key)
      for (const waiting of load.waiting) if (!askedBy.has(waiting)) askedBy.set(waiting, load)
    }
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
