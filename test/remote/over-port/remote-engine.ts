import type { MessagePort } from 'node:worker_threads'
import type { EngineUnderTest } from '@go-go-scope/persistence-conformance'
import {
  connectRemote,
  openRemote,
  type Peer,
  type RemoteDatabase,
  SQLiteAdapter,
  SQLiteCacheAdapter,
  SQLiteIdempotencyAdapter,
} from '@go-go-scope/persistence-core/remote'
import { MirroredClocks } from './mirrored-clocks.js'
import { OwnerThread } from './owner-thread.js'

type Row = Record<string, unknown>
type Options = NonNullable<ConstructorParameters<EngineUnderTest['SQLiteAdapter']>[1]>
type Clock = NonNullable<Options['clock']>

/** A handle in the thread of the owner, and the way to it. */
class RemoteHandle {
  readonly number: number
  database: RemoteDatabase | undefined
  /** What the adapter that the owner serves goes by. */
  clock: Clock | undefined
  busyTimeout: number | undefined
  hasCodec = false
  users = 0
  keep = false

  constructor(number: number) {
    this.number = number
  }
}

const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  setTimer(callback, delay) {
    const timer = setTimeout(callback, delay)
    return () => clearTimeout(timer)
  },
}

/** The adapters of `./remote`, over a port to a thread that owns the handles of `engine`. */
export function remoteEngine(engine: EngineUnderTest): EngineUnderTest {
  const clocks = new MirroredClocks(() => owner.tick())
  const owner = new OwnerThread(engine.module)

  /** A port that shows the owner what time it is before each message. */
  function portShowing(clock: Clock, port: MessagePort): Peer {
    return {
      on: (event, listener) => port.on(event, listener),
      off: (event, listener) => port.off(event, listener),
      ref: () => port.ref(),
      unref: () => port.unref(),
      close: () => port.close(),
      postMessage(message: unknown) {
        clocks.show(clock)
        port.postMessage(message)
      },
    }
  }

  async function reach(given: object, options: Options): Promise<void> {
    const handle = given as RemoteHandle
    const { clock = systemClock, busyTimeout } = options
    if (handle.users > 0) return
    if (handle.database !== undefined && handle.clock === clock && handle.busyTimeout === busyTimeout) {
      if (handle.hasCodec === (options.codec !== undefined)) return
    }
    await handle.database?.close()
    Object.assign(handle, { clock, busyTimeout, keep: false })
    const hasCodec = options.codec !== undefined
    const { port } = await owner.order<{ port: MessagePort }>('reach', {
      handle: handle.number,
      clock: shared(clock),
      busyTimeout,
      hasCodec,
    })
    handle.hasCodec = hasCodec
    handle.database = await openRemote(portShowing(clock, port))
  }

  function shared(clock: Clock): object {
    return { number: clocks.numberOf(clock), memory: clocks.memoryOf(clock) }
  }

  function enter(handle: RemoteHandle, options: Options | undefined): RemoteDatabase {
    if (!(handle instanceof RemoteHandle)) return handle
    if (handle.database === undefined) throw new Error('reach comes first')
    handle.users++
    // By descriptor, so that a getter is left to the adapter.
    const given = (name: keyof Options): unknown => Object.getOwnPropertyDescriptor(options ?? {}, name)?.value
    if (given('closeOnDisconnect') === false) handle.keep = true
    const listener = given('onDiagnostic')
    if (typeof listener === 'function') {
      const listeners = owner.listeners.get(handle.number) ?? new Set()
      owner.listeners.set(handle.number, listeners.add(listener as (event: object) => void))
    }
    return handle.database
  }

  async function leave(handle: RemoteHandle): Promise<void> {
    if (--handle.users > 0) return
    handle.database = undefined
    await owner.order('leave', { handle: handle.number, keep: handle.keep })
    if (handle.keep) await reach(handle, handle.clock === undefined ? {} : { clock: handle.clock })
  }

  class Adapter extends SQLiteAdapter {
    readonly #handle: RemoteHandle
    #left: Promise<void> | undefined

    constructor(handle: RemoteHandle, options?: Options) {
      super(enter(handle, options), options as never)
      this.#handle = handle
    }

    static async open(path: string, options: Options = {}): Promise<SQLiteAdapter> {
      const { clock, codec, onDiagnostic, random, keyPrefix, ...cloned } = options
      const memory = { ...(clock !== undefined && { clock: shared(clock) }), hasCodec: codec !== undefined }
      const { handle, port } = await owner.order<{ handle: number; port: MessagePort }>('openPath', {
        path,
        options: cloned,
        ...memory,
      })
      if (onDiagnostic !== undefined) owner.listeners.set(handle, new Set([onDiagnostic]))
      const shown = portShowing(clock ?? systemClock, port)
      const { busyTimeout: _, ...own } = options
      const adapter = await connectRemote(shown, pick(own) as never)
      const disconnect = adapter.disconnect.bind(adapter)
      let left: Promise<void> | undefined
      adapter.disconnect = () => {
        left ??= disconnect().then(() => owner.order('leave', { handle, keep: false }))
        return left
      }
      return adapter
    }

    override disconnect(): Promise<void> {
      this.#left ??= super.disconnect().then(() => leave(this.#handle))
      return this.#left
    }
  }

  return {
    ...engine,
    SQLiteAdapter: Adapter as never,
    SQLiteIdempotencyAdapter: class extends SQLiteIdempotencyAdapter {
      readonly #handle: RemoteHandle
      constructor(handle: RemoteHandle, options?: Options) {
        super(enter(handle, options), options as never)
        this.#handle = handle
      }
      override async disconnect(): Promise<void> {
        await super.disconnect()
        await leave(this.#handle)
      }
    } as never,
    SQLiteCacheAdapter: class extends SQLiteCacheAdapter {
      readonly #handle: RemoteHandle
      constructor(handle: RemoteHandle, options?: Options) {
        super(enter(handle, options), options as never)
        this.#handle = handle
      }
      override async disconnect(): Promise<void> {
        await super.disconnect()
        await leave(this.#handle)
      }
    } as never,
    reach,
    openHandle: async (path) => new RemoteHandle(await owner.order<number>('open', { path })),
    rows: (handle, sql, params = []) =>
      owner.order<Row[]>('rows', { handle: (handle as RemoteHandle).number, sql, params }),
    closeHandle: (handle) => owner.order('close', { handle: (handle as RemoteHandle).number }),
  }
}

/** The options of `open` that are not the owner's alone. */
function pick(options: object): object {
  const owners = ['durability', 'readOnly', 'mode', 'cacheSize', 'mmapSize', 'DatabaseSync']
  return Object.fromEntries(Object.entries(options).filter(([name]) => !owners.includes(name)))
}
