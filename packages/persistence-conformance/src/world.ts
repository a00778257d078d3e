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

/** What one test gets: a fresh folder, a fresh file, a clock that stands still, and handles that are closed after it. */
export class World {
  readonly engine: EngineUnderTest
  readonly folder: string
  readonly path: string
  readonly inFile: boolean
  readonly clock: ManualClock = new ManualClock()
  readonly #adapters: Closable[] = []
  readonly #handles = new Map<string, Promise<object>>()

  /** @param place Where the engine keeps its data, if that is no file. */
  constructor(engine: EngineUnderTest, folder: string, place?: string) {
    this.inFile = place === undefined
    this.engine = engine
    this.folder = folder
    this.path = place ?? join(folder, 'app.db')
  }

  /** The harness's handle: a WAL file that is not flushed at each commit, because these tests cut no power. */
  handle(): Promise<object> {
    return this.#named('first', true)
  }

  /** A handle of the same engine on the same file, as the engine gives it, opened once per `name`. */
  plainHandle(name: string): Promise<object> {
    return this.#named(name, false)
  }

  /** A connected adapter on {@link handle}, by this world's clock. */
  async adapter(options: OptionsUnderTest = {}): Promise<AdapterUnderTest> {
    await this.makeFile()
    return this.connected(await this.handle(), options)
  }

  /** A connected adapter on a second handle to the same file. */
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
    // A server's adapters have other locks by default; the suites say which they mean where it matters.
    const locks = this.inFile ? {} : { locks: 'process' as const }
    return this.track(new this.engine.SQLiteAdapter(handle as never, { clock: this.clock, ...locks, ...options }))
  }

  /**
   * Sees to it that there is a file with our tables. Most tests are not about the first connect, and making the tables took
   * most of their time.
   */
  async makeFile(path: string = this.path): Promise<void> {
    if (this.engine.places !== undefined || existsSync(path)) return
    const bytes = await migratedFile(this.engine)
    // Another call may have made it meanwhile.
    if (!existsSync(path)) writeFileSync(path, bytes, { flag: 'wx', mode: 0o600 })
  }

  /** As {@link open} does, of a file with our tables. */
  async openMade(options: OpenOptionsUnderTest = {}, path: string = this.path): Promise<AdapterUnderTest> {
    await this.makeFile(path)
    return this.open(options, path)
  }

  async open(options: OpenOptionsUnderTest = {}, path: string = this.path): Promise<AdapterUnderTest> {
    return this.track(await this.engine.SQLiteAdapter.open(path, options))
  }

  /** A standby of the file of this world, or of what has it open, which is stopped when the test ends. */
  async follow(options: FollowOptionsUnderTest, source: object | string = this.path): Promise<StandbyUnderTest> {
    const standby = await this.engine.Standby.follow(source as never, { every: 5, ...options })
    this.track({ disconnect: () => standby.stop() })
    return standby
  }

  /** Has `adapter` disconnected when the test ends. */
  track<T extends Closable>(adapter: T): T {
    this.#adapters.push(adapter)
    return adapter
  }

  /** Runs one statement on a handle of its own, past every adapter. */
  async rows(sql: string, params: readonly (string | number | null)[] = []): Promise<Row[]> {
    return this.engine.rows(await this.plainHandle('raw'), sql, params)
  }

  /** What an adapter calls its table of that kind. */
  table(kind: 'cache' | 'checkpoints' | 'idempotency'): string {
    return this.inFile ? `go_goscope_${kind}` : `${this.path}.${kind}`
  }

  /**
   * Begins a transaction that keeps adapters from writing the cache entry `k` and the circuit `api`, and others too in a
   * file, until `COMMIT` or `ROLLBACK` is among {@link rows}.
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
    // A row that is made and gone again: who writes it has to wait for what becomes of it.
    const zeros = columns.replaceAll(/\w+/g, "'0'")
    await this.rows(`INSERT INTO go_goscope_${table} (key, ${columns}) VALUES (?, ${zeros})`, [key])
    await this.rows(`DELETE FROM go_goscope_${table} WHERE key = ?`, [key])
  }

  /** Everything in the file as text: equal texts mean that nothing was changed. */
  async dump(): Promise<string> {
    if (this.engine.places !== undefined) return this.engine.places.dump(this.path)
    const objects = await this.rows('SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name')
    const tables = objects.filter(({ type, name }) => type === 'table' && !String(name).startsWith('sqlite_'))
    const contents = []
    for (const { name } of tables) contents.push([name, await this.rows(`SELECT * FROM "${name}" ORDER BY 1`)])
    return JSON.stringify([objects, contents])
  }

  /** Closes the reader of {@link rows}, for tests that look at the files themselves. */
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
        // Closed already, by the last adapter on it; engines differ in whether they mind.
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
    // No adapter is made on that of rows().
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

// In memory where the system has such a file system: no test of a world cuts the power, and flushing its files took a third
// of their time.
const MEMORY = '/dev/shm'
const ENOUGH_BYTES = 256 * 1024 * 1024
const PARENT = existsSync(MEMORY) && freeBytes(MEMORY) >= ENOUGH_BYTES ? MEMORY : tmpdir()

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

/** A new folder, which the caller removes. Made within the call: by the pool's threads it took five times as much time. */
function temporaryFolder(): string {
  return mkdtempSync(join(PARENT, 'conformance-'))
}

const migratedFiles = new Map<EngineUnderTest, Promise<Uint8Array>>()

/** The bytes of a file that an adapter has just made, with no prefix settled in it. Made once per engine. */
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
