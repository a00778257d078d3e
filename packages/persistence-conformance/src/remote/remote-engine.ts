import { systemClock } from '@go-go-scope/persistence-core'
import {
  connectRemote,
  openRemote,
  type RemoteDatabase,
  SQLiteAdapter,
  SQLiteCacheAdapter,
  SQLiteIdempotencyAdapter,
} from '@go-go-scope/persistence-core/remote'
import type { ClockUnderTest, EngineUnderTest, OpenOptionsUnderTest, OptionsUnderTest } from '../engine-under-test.js'
import { MirroredClocks } from './mirrored-clocks.js'
import type { Owner } from './owner-end.js'
import { OwnerThread } from './owner-thread.js'

/** A handle in the owner's thread, and the connection to it. */
class RemoteHandle {
  readonly number: number
  database: RemoteDatabase | undefined
  /** The clock of the served adapter. */
  clock: ClockUnderTest = systemClock
  busyTimeout: number | undefined
  hasCodec = false
  /** The number of connected adapters on the handle. */
  users = 0
  /** Whether one of them leaves the handle open. */
  keep = false

  constructor(number: number) {
    this.number = number
  }
}

// Only the owner opens databases, so these options are its own.
const OWNERS_OPTIONS = [
  'busyTimeout',
  'durability',
  'readOnly',
  'mode',
  'cacheSize',
  'mmapSize',
  'walSize',
  'immutable',
  'DatabaseSync',
]
const NOT_SENT = ['clock', 'codec', 'onDiagnostic', 'random']

/**
 * Returns the adapters of `./remote`, connected to a thread or process that owns the handles of `engine`. The owner uses the
 * clocks of the tests.
 */
export function remoteEngine(engine: EngineUnderTest, owner: Owner = new OwnerThread(engine)): EngineUnderTest {
  const clocks = new MirroredClocks((clock) => owner.tick(clocks.share(clock)))

  async function reach(given: object, { clock = systemClock, busyTimeout, codec }: OptionsUnderTest): Promise<void> {
    const handle = given as RemoteHandle
    const hasCodec = codec !== undefined
    if (handle.users > 0) return
    if (handle.database !== undefined && handle.clock === clock) {
      if (handle.busyTimeout === busyTimeout && handle.hasCodec === hasCodec) return
    }
    await handle.database?.close()
    Object.assign(handle, { clock, busyTimeout, hasCodec, keep: false })
    const serving = { clock: owner.sent(clocks.share(clock)), busyTimeout, hasCodec }
    const port = await owner.order('serve', { handle: handle.number, ...serving })
    handle.database = await openRemote(owner.peer(port, () => show(clock)))
  }

  function show(clock: ClockUnderTest): void {
    clocks.show(clock)
    owner.shown(clocks.share(clock))
  }

  /** The database of a handle, for an adapter on it. */
  function enter(handle: unknown, options: OptionsUnderTest = {}): RemoteDatabase {
    // Anything else is passed on, so that the adapter refuses it.
    if (!(handle instanceof RemoteHandle)) return handle as RemoteDatabase
    if (handle.database === undefined) throw new Error('reach comes first')
    handle.users++
    // Read by descriptor, so that only the adapter runs a getter.
    const given = (name: keyof OptionsUnderTest): unknown => Object.getOwnPropertyDescriptor(options ?? {}, name)?.value
    if (given('closeOnDisconnect') === false) handle.keep = true
    const listener = given('onDiagnostic') as OptionsUnderTest['onDiagnostic']
    if (listener !== undefined) owner.listen(handle.number, listener as (event: object) => void)
    return handle.database
  }

  /** An adapter has disconnected; the last one closes the handle, unless the app keeps it. */
  async function leave(handle: RemoteHandle): Promise<void> {
    if (--handle.users > 0) return
    const { number, keep, clock } = handle
    handle.database = undefined
    await owner.order('leave', { handle: number, keep })
    if (keep) await reach(handle, { clock })
  }

  /** Returns an adapter class that closes its handle as an adapter on the engine does. */
  function overHandles<Adapter extends { disconnect(): Promise<void> }>(
    Class: new (database: RemoteDatabase, options?: never) => Adapter,
  ): new (
    handle: never,
    options?: never,
  ) => Adapter {
    const Base = Class as new (database: RemoteDatabase, options?: never) => { disconnect(): Promise<void> }
    return class extends Base {
      readonly #handle: RemoteHandle
      #left: Promise<void> | undefined

      constructor(handle: RemoteHandle, options?: never) {
        super(enter(handle, options), options)
        this.#handle = handle
      }

      override disconnect(): Promise<void> {
        this.#left ??= super.disconnect().then(() => leave(this.#handle))
        return this.#left
      }
    } as never
  }

  async function open(path: string, options: OpenOptionsUnderTest = {}): Promise<SQLiteAdapter> {
    const { clock, codec, onDiagnostic } = options
    const shared = clock && owner.sent(clocks.share(clock))
    const sent = without(options, NOT_SENT)
    const { handle, port } = await owner.order('openPath', {
      path,
      options: sent,
      clock: shared,
      hasCodec: codec !== undefined,
    })
    if (onDiagnostic !== undefined) owner.listen(handle, onDiagnostic as (event: object) => void)
    const adapter = await connectRemote(
      owner.peer(port, () => show(clock ?? systemClock)),
      without(options, OWNERS_OPTIONS),
    )
    const disconnect = adapter.disconnect.bind(adapter)
    let left: Promise<void> | undefined
    adapter.disconnect = () => {
      left ??= disconnect().then(() => owner.order('leave', { handle, keep: false }))
      return left
    }
    return adapter
  }

  return {
    ...engine,
    hasOwner: true,
    SQLiteAdapter: Object.assign(overHandles(SQLiteAdapter as never), { open }) as never,
    SQLiteIdempotencyAdapter: overHandles(SQLiteIdempotencyAdapter as never) as never,
    SQLiteCacheAdapter: overHandles(SQLiteCacheAdapter as never) as never,
    reach,
    openHandle: async (path) => new RemoteHandle(await owner.order('open', { path })),
    rows: (handle, sql, params = []) => owner.order('rows', { handle: (handle as RemoteHandle).number, sql, params }),
    closeHandle: (handle) => owner.order('close', { handle: (handle as RemoteHandle).number }),
  }
}

function without(options: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !names.includes(name)))
}
