import { existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {
  AdapterUnderTest,
  EngineUnderTest,
  FollowOptionsUnderTest,
  OpenOptionsUnderTest,
  OptionsUnderTest,
  Row,
  StandbyUnderTest,
} from './engine-under-test.js'
import { ManualClock } from './manual-clock.js'

interface Closable {
  disconnect(): Promise<void>
}

/** The environment of one test: a new folder, a new file, a clock that stands still, and handles that are closed afterwards. */
export class World {
  readonly engine: EngineUnderTest
  readonly folder: string
  readonly path: string
  readonly inFile: boolean
  readonly clock: ManualClock = new ManualClock()
  readonly #adapters: Closable[] = []
  readonly #handles = new Map<string, Promise<object>>()

  /** @param place The place of the engine's data, if it is not a file. */
  constructor(engine: EngineUnderTest, folder: string, place?: string) {
    this.inFile = place === undefined
    this.engine = engine
    this.folder = folder
    this.path = place ?? join(folder, 'app.db')
  }

  /** Returns the harness's handle: a file in WAL mode without a flush per commit, because these tests simulate no power failure. */
  handle(): Promise<object> {
    return this.#named('first', true)
  }

  /** Returns an unmodified handle of the same engine on the same file, opened once per `name`. */
  plainHandle(name: string): Promise<object> {
    return this.#named(name, false)
  }

  /** Returns a connected adapter on {@link handle}, with this world's clock. */
  async adapter(options: OptionsUnderTest = {}): Promise<AdapterUnderTest> {
    await this.makeFile()
    return this.connected(await this.handle(), options)
  }

  /** As {@link adapter}, on a second handle. */
  async second(options: OptionsUnderTest = {}): Promise<AdapterUnderTest> {
    await this.handle()
    return this.connected(await this.#named('second', true), options)
  }

  async connected(handle: object, options: OptionsUnderTest = {}): Promise<AdapterUnderTest> {
    await this.engine.reach?.(handle, { clock: this.clock, ...options })
    const adapter = this.unconnected(handle, options)
    await adapter.connect()
    return adapter
  }

  unconnected(handle: object, options: OptionsUnderTest = {}): AdapterUnderTest {
    // Adapters of servers have another default for `locks`. Suites set it where it matters.
    const locks = this.inFile ? {} : { locks: 'process' as const }
    return this.track(new this.engine.SQLiteAdapter(handle as never, { clock: this.clock, ...locks, ...options }))
  }

  /**
   * Makes sure that there is a file with our tables. Most tests are not about the first connect, and creating the tables took
   * most of their time.
   */
  async makeFile(path: string = this.path): Promise<void> {
    if (this.engine.places !== undefined || existsSync(path)) return
    const bytes = await migratedFile(this.engine)
    // Another call may have created it meanwhile.
    if (!existsSync(path)) writeFileSync(path, bytes, { flag: 'wx', mode: 0o600 })
  }

  /** As {@link open}, for a file that has our tables. */
  async openMade(options: OpenOptionsUnderTest = {}, path: string = this.path): Promise<AdapterUnderTest> {
    await this.makeFile(path)
    return this.open(options, path)
  }

  async open(options: OpenOptionsUnderTest = {}, path: string = this.path): Promise<AdapterUnderTest> {
    return this.track(await this.engine.SQLiteAdapter.open(path, options))
  }

  /** Starts a standby of this world's file, or of an adapter that has it open. It is stopped when the test ends. */
  async follow(options: FollowOptionsUnderTest, source: object | string = this.path): Promise<StandbyUnderTest> {
    const standby = await this.engine.Standby.follow(source as never, { every: 5, ...options })
    this.track({ disconnect: () => standby.stop() })
    return standby
  }

  /** Disconnects `adapter` when the test ends. */
  track<T extends Closable>(adapter: T): T {
    this.#adapters.push(adapter)
    return adapter
  }

  /** Runs one statement on a separate handle, bypassing every adapter. */
  async rows(sql: string, params: readonly (string | number | null)[] = []): Promise<Row[]> {
    return this.engine.rows(await this.plainHandle('raw'), sql, params)
  }

  /** Returns the name of an adapter's table of that kind. */
  table(kind: 'cache' | 'checkpoints' | 'idempotency'): string {
    return this.inFile ? `go_goscope_${kind}` : `${this.path}.${kind}`
  }

  /**
   * Begins a transaction that blocks adapters' writes to the cache entry `k` and the circuit `api`, and in a file all writes,
   * until {@link rows} runs `COMMIT` or `ROLLBACK`.
   */
  async holdWrites(): Promise<void> {
    await this.rows(this.inFile ? 'BEGIN IMMEDIATE' : 'BEGIN')
    if (this.inFile) return
    await this.#holdRow('cache', 'value', 'cache:k')
    await this.#holdRow('circuit', 'updated_at, state', 'circuit:api')
  }

  async #holdRow(table: string, columns: string, key: string): Promise<void> {
    const held = await this.rows(`SELECT key FROM go_goscope_${table} WHERE key = ? FOR UPDATE`, [key])
    if (held.length > 0) return
    // Inserts and deletes a row, so that other writers of the row have to wait for the end of the transaction.
    const zeros = columns.replaceAll(/\w+/g, "'0'")
    await this.rows(`INSERT INTO go_goscope_${table} (key, ${columns}) VALUES (?, ${zeros})`, [key])
    await this.rows(`DELETE FROM go_goscope_${table} WHERE key = ?`, [key])
  }

  /** Returns the whole content of the file as text. Equal texts mean that nothing was changed. */
  async dump(): Promise<string> {
    if (this.engine.places !== undefined) return this.engine.places.dump(this.path)
    const objects = await this.rows('SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name')
    const tables = objects.filter(({ type, name }) => type === 'table' && !String(name).startsWith('sqlite_'))
    const contents = []
    for (const { name } of tables) contents.push([name, await this.rows(`SELECT * FROM "${name}" ORDER BY 1`)])
    return JSON.stringify([objects, contents])
  }

  /** Closes the handle of {@link rows}, for tests that examine the files themselves. */
  async closeRaw(): Promise<void> {
    const raw = this.#handles.get('raw')
    this.#handles.delete('raw')
    if (raw !== undefined) await this.engine.closeHandle(await raw)
  }

  async dispose(): Promise<void> {
    const closed = await Promise.allSettled(this.#adapters.map((adapter) => adapter.disconnect()))
    for (const handle of this.#handles.values()) {
      try {
        await this.engine.closeHandle(await handle)
      } catch {
        // The last adapter on the handle has closed it. Some engines throw on a second close.
      }
    }
    rmSync(this.folder, { recursive: true, force: true })
    await this.engine.places?.give(this.path)
    for (const result of closed) if (result.status === 'rejected') throw result.reason
  }

  #named(name: string, tuned: boolean): Promise<object> {
    const existing = this.#handles.get(name)
    if (existing !== undefined) return existing
    const opened = this.#open(name, tuned)
    this.#handles.set(name, opened)
    return opened
  }

  async #open(name: string, tuned: boolean): Promise<object> {
    const handle = await this.engine.openHandle(this.path)
    // No adapter uses the handle of `rows`.
    if (name !== 'raw') await this.engine.reach?.(handle, { clock: this.clock })
    if (tuned && this.engine.places === undefined) {
      await this.engine.rows(handle, 'PRAGMA journal_mode = WAL')
      await this.engine.rows(handle, 'PRAGMA synchronous = NORMAL')
    }
    return handle
  }
}

export async function createWorld(engine: EngineUnderTest): Promise<World> {
  return new World(engine, temporaryFolder(), await engine.places?.take())
}

// In memory if the operating system has such a file system: these tests simulate no power failure, and flushing files took a
// third of their time.
const MEMORY = '/dev/shm'
const ENOUGH_BYTES = 256 * 1024 * 1024
const PARENT = existsSync(MEMORY) && freeBytes(MEMORY) >= ENOUGH_BYTES ? MEMORY : tmpdir()

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

/** Creates a folder, which the caller removes. Synchronous, because through the thread pool it took five times as long. */
function temporaryFolder(): string {
  return mkdtempSync(join(PARENT, 'conformance-'))
}

const migratedFiles = new Map<EngineUnderTest, Promise<Uint8Array>>()

/** Returns the bytes of a file that an adapter has just created, before any prefix was used. Made once per engine. */
function migratedFile(engine: EngineUnderTest): Promise<Uint8Array> {
  const made = migratedFiles.get(engine) ?? makeMigratedFile(engine)
  migratedFiles.set(engine, made)
  return made
}

async function makeMigratedFile(engine: EngineUnderTest): Promise<Uint8Array> {
  const world = await createWorld(engine)
  try {
    const adapter = await world.connected(await world.handle())
    await world.rows('DELETE FROM go_goscope_prefixes')
    await world.closeRaw()
    await adapter.disconnect()
    return await readFile(world.path)
  } finally {
    await world.dispose()
  }
}
