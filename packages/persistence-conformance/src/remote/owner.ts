import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { type PersistenceServer, serve } from '@go-go-scope/persistence-core/remote'
import type { AdapterUnderTest, ClockUnderTest, EngineUnderTest } from '../engine-under-test.js'
import type { SharedClock } from './mirrored-clocks.js'
import type { Orders, Said, SentError } from './orders.js'

// The thread or process of the owner of every database of a cell: it opens handles, serves an adapter on each, and runs
// statements past the adapters.

interface Opened {
  /** Absent if the adapter has opened the database. */
  readonly handle?: object
  adapter?: AdapterUnderTest
  server?: PersistenceServer
}

const { engine } = (await import(workerData ?? process.argv[2])) as { engine: EngineUnderTest }
const opened = new Map<number, Opened>()
let last = 0

const codec = { encode: String, decode: String }

const orders: Orders = {
  async open({ path }) {
    opened.set(++last, { handle: await engine.openHandle(path) })
    return last
  },

  rows: ({ handle, sql, params }) => engine.rows(handleOf(handle), sql, params),

  close: ({ handle }) => engine.closeHandle(handleOf(handle)),

  async serve({ handle, clock, busyTimeout, hasCodec }) {
    const own = openedAs(handle)
    await endServing(own)
    own.adapter = new engine.SQLiteAdapter(own.handle as never, {
      closeOnDisconnect: false,
      clock: mirrored(clock),
      onDiagnostic: (event) => tellDiagnostic(handle, event),
      ...(busyTimeout !== undefined && { busyTimeout }),
      ...(hasCodec && { codec }),
    })
    if (parentPort !== null) return portTo(own, own.adapter)
    own.server = serve(own.adapter)
    own.server.attach(process)
    return undefined
  },

  async openPath({ path, options, clock, hasCodec }) {
    const handle = ++last
    const adapter = await engine.SQLiteAdapter.open(path, {
      ...options,
      onDiagnostic: (event) => tellDiagnostic(handle, event),
      ...(clock && { clock: mirrored(clock) }),
      ...(hasCodec && { codec }),
    })
    const own = { adapter }
    opened.set(handle, own)
    return { handle, port: portTo(own, adapter) }
  },

  async leave({ handle, keep }) {
    const own = openedAs(handle)
    await endServing(own)
    if (!keep && own.handle !== undefined) await engine.closeHandle(own.handle)
  },

  async tick({ clock }) {
    if (clock !== undefined) shownBy.get(clock.number)?.set(clock.shown as readonly number[])
    for (const timer of timers) {
      if (timer.due > (timer.shown[1] as number)) continue
      timers.delete(timer)
      timer.callback()
    }
  },
}

function openedAs(handle: number): Opened {
  return opened.get(handle) as Opened
}

function handleOf(handle: number): object {
  return openedAs(handle).handle as object
}

async function endServing(own: Opened): Promise<void> {
  await own.server?.close()
  await own.adapter?.disconnect()
  delete own.server
  delete own.adapter
}

function portTo(own: Opened, adapter: AdapterUnderTest): MessagePort {
  own.server = serve(adapter)
  return own.server.createPort() as unknown as MessagePort
}

interface Timer {
  readonly shown: Float64Array
  readonly due: number
  readonly callback: () => void
}

const timers = new Set<Timer>()
const mirrors = new Map<number, ClockUnderTest>()
const shownBy = new Map<number, Float64Array>()

/** Returns the clock of the user, which writes its time into shared memory. */
function mirrored({ number, shown: given }: SharedClock): ClockUnderTest {
  const shown = shownBy.get(number) ?? new Float64Array(given as readonly number[])
  shownBy.set(number, shown)
  const goesByItself = shown[2] === 1
  const clock = mirrors.get(number) ?? {
    now: () => shown[0] as number,
    monotonic: () => (goesByItself ? performance.now() : (shown[1] as number)),
    setTimer(callback: () => void, delay: number): () => void {
      if (goesByItself) {
        const timer = setTimeout(callback, delay)
        return () => clearTimeout(timer)
      }
      const timer = { shown, due: (shown[1] as number) + Math.max(0, delay), callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
  }
  mirrors.set(number, clock)
  return clock
}

function tellDiagnostic(handle: number, event: object): void {
  const { error } = event as { readonly error?: unknown }
  say({ handle, diagnostic: { ...event, ...(error !== undefined && { error: sent(error) }) } } as Said)
}

function say(said: Said, port: readonly MessagePort[] = []): void {
  if (parentPort !== null) parentPort.postMessage(said, port)
  else process.send?.(said)
}

function sent(error: unknown): SentError {
  const { code, operation, message } = error as SentError
  return { code, operation, message }
}

interface Order {
  readonly id?: number
  readonly order: keyof Orders
  readonly given: never
}

const parent = (parentPort ?? process) as { on(event: string, listener: (message: Order) => void): unknown }
parent.on('message', async ({ id, order, given }) => {
  // Messages between the adapters use the same channel and have no id.
  if (id === undefined) return
  try {
    const value: unknown = await orders[order](given)
    const ports = [value, (value as { port?: unknown } | undefined)?.port].filter(isPort)
    say({ id, value }, ports)
  } catch (error) {
    say({ id, error: sent(error) })
  }
})

function isPort(value: unknown): value is MessagePort {
  return typeof (value as { postMessage?: unknown } | undefined)?.postMessage === 'function'
}
