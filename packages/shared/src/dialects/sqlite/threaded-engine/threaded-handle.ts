import { resolve } from 'node:path'
import { type Clock, systemClock } from '../../../time/clock.js'
import type { LoadedEngine } from '../engine/loaded-engine.js'
import { fileIdentity } from '../file/file-identity.js'
import type { StartWorker } from '../thread/worker.js'
import { EngineConnection } from './engine-connection.js'
import { ThreadedDriver } from './threaded-driver.js'

/** Settings that `open` makes on a connection and SQLite stores nowhere. */
const SETTINGS = [
  'busy_timeout',
  'trusted_schema',
  'foreign_keys',
  'cache_size',
  'synchronous',
  'fullfsync',
  'mmap_size',
  'journal_size_limit',
  'wal_autocheckpoint',
]

/** How to open a database in a thread. */
export interface ThreadedOptions {
  readonly startWorker: StartWorker
  /** The number of additional read-only connections. */
  readonly readers: number
  /** The clock for the start timeout of a thread. Default: that of the machine. */
  readonly clock?: Clock
}

/** A database that an engine has open in its own thread. It replaces a handle. */
export class ThreadedHandle {
  readonly startWorker: StartWorker
  readonly driver: ThreadedDriver
  /** Statements that give the connection of a later thread the settings of this one. */
  readonly #settings: string[]

  /** @param path A path in the form that the engine accepts. */
  static async open(
    path: string,
    readOnly: boolean,
    engine: LoadedEngine<object>,
    options: ThreadedOptions,
  ): Promise<ThreadedHandle> {
    const isPath = path !== ':memory:' && !path.startsWith('file:')
    // The app may change its working directory before the thread is restarted.
    const absolute = isPath ? resolve(path) : path
    const identity = isPath ? await fileIdentity(absolute) : undefined
    const file = identity === undefined ? undefined : { path: absolute, identity }
    const { startWorker, clock = systemClock } = options
    const source = { startWorker, engine: engine.name, clock, file }
    const settings: string[] = []
    const connect = (isReadOnly: boolean): EngineConnection =>
      new EngineConnection({ ...source, input: () => ({ path: absolute, readOnly: isReadOnly, settings }) })
    const readers = Array.from({ length: options.readers }, () => new ThreadedDriver(connect(true), engine))
    const connection = connect(readOnly)
    await connection.open()
    return new ThreadedHandle(startWorker, new ThreadedDriver(connection, engine, readers), settings)
  }

  /** Returns `handle` if it is a ThreadedHandle. Unlike `instanceof`, this runs no code of a Proxy that an app passes. */
  static read(handle: object): ThreadedHandle | undefined {
    return typeof handle === 'object' && handle !== null && #settings in handle ? handle : undefined
  }

  private constructor(startWorker: StartWorker, driver: ThreadedDriver, settings: string[]) {
    this.startWorker = startWorker
    this.driver = driver
    this.#settings = settings
  }

  /** Reads the settings to keep. Call it when the connection has its final settings. */
  async keepSettings(): Promise<void> {
    const settings: string[] = []
    for (const name of SETTINGS) {
      const [row = {}] = await this.driver.query(`PRAGMA ${name}`, [])
      // An engine built without mmap has no such setting.
      for (const value of Object.values(row)) settings.push(`PRAGMA ${name} = ${value}`)
    }
    this.#settings.splice(0, this.#settings.length, ...settings)
  }
}
