import { parentPort, workerData } from 'node:worker_threads'

/**
 * The owner of every database of a cell over a port: opens handles, serves an adapter on each, and runs statements past the
 * adapters. Orders come as `{ id, order, ... }` and are answered with `{ id, value }` or `{ id, error }`.
 */
const { engine } = await import(workerData.engine)
const { serve } = await import(workerData.remote)

/** @type {Map<number, { handle: object, adapter?: any, server?: any }>} */
const opened = new Map()
let last = 0

const orders = {
  async open({ path }) {
    opened.set(++last, { handle: await engine.openHandle(path) })
    return last
  },

  rows({ handle, sql, params }) {
    return engine.rows(opened.get(handle).handle, sql, params)
  },

  close({ handle }) {
    return engine.closeHandle(opened.get(handle).handle)
  },

  /** Serves an adapter of its own on the handle, instead of the one that was served there before. */
  async reach({ handle, clock, busyTimeout, hasCodec }) {
    const own = opened.get(handle)
    await endServing(own)
    own.adapter = new engine.SQLiteAdapter(own.handle, {
      closeOnDisconnect: false,
      clock: mirrored(clock),
      onDiagnostic: (event) => tellDiagnostic(handle, event),
      ...(busyTimeout !== undefined && { busyTimeout }),
      ...(hasCodec && { codec: { encode: String, decode: String } }),
    })
    return portOf(own)
  },

  async openPath({ path, options, clock, hasCodec }) {
    const handle = ++last
    const own = { handle: {}, adapter: undefined, server: undefined }
    own.adapter = await engine.SQLiteAdapter.open(path, {
      ...options,
      ...(clock && { clock: mirrored(clock) }),
      ...(hasCodec && { codec: { encode: String, decode: String } }),
      onDiagnostic: (event) => tellDiagnostic(handle, event),
    })
    opened.set(handle, own)
    return { handle, ...portOf(own) }
  },

  /** The last adapter of the user has left. */
  async leave({ handle, keep }) {
    const own = opened.get(handle)
    await endServing(own)
    if (!keep && own.handle.constructor !== Object) await engine.closeHandle(own.handle)
  },
}

async function endServing(own) {
  await own.server?.close()
  await own.adapter?.disconnect()
  own.server = undefined
  own.adapter = undefined
}

function portOf(own) {
  own.server = serve(own.adapter)
  return { port: own.server.createPort() }
}

/** @type {Set<{ clock: Float64Array, due: number, callback: () => void }>} */
const timers = new Set()

/** @type {Map<number, object>} */
const mirrors = new Map()

/**
 * The clock of the user, who writes into memory that both share what it shows: wall time, monotonic time, and whether the
 * latter goes by itself.
 */
function mirrored({ number, memory }) {
  const shown = new Float64Array(memory)
  const known = mirrors.get(number)
  if (known !== undefined) return known
  const clock = {
    now: () => shown[0],
    monotonic: () => (shown[2] === 1 ? performance.now() : shown[1]),
    setTimer(callback, delay) {
      if (shown[2] === 1) {
        const timer = setTimeout(callback, delay)
        return () => clearTimeout(timer)
      }
      const timer = { shown, due: shown[1] + Math.max(0, delay), callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
  }
  mirrors.set(number, clock)
  return clock
}

function fireDue() {
  for (const timer of timers) {
    if (timer.due > timer.shown[1]) continue
    timers.delete(timer)
    timer.callback()
  }
}

function tellDiagnostic(handle, event) {
  const error = event.error === undefined ? {} : { error: plain(event.error) }
  parentPort.postMessage({ handle, diagnostic: { ...event, ...error } })
}

function plain(error) {
  const { code, operation, message } = error
  return { code, operation, message }
}

parentPort.on('message', async (message) => {
  if (typeof message !== 'object' || message === null || !('id' in message)) return
  const { id, order, ...given } = message
  if (order === 'tick') {
    fireDue()
    return
  }
  try {
    const value = await orders[order](given)
    parentPort.postMessage({ id, value }, value?.port === undefined ? [] : [value.port])
  } catch (error) {
    parentPort.postMessage({ id, error: plain(error) })
  }
})
