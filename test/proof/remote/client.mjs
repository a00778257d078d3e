import { parentPort, workerData } from 'node:worker_threads'
import { connectRemote } from '@go-go-scope/persistence-core/remote'

/**
 * A thread or process that uses its owner's adapter and executes orders, both on one channel unless it received a port. The
 * answer to `{ order, given }` is `{ order, value }` or `{ order, error }`.
 */
const app = /** @type {any} */ (parentPort ?? process)
const { port = app, options = {} } = workerData ?? JSON.parse(process.argv[2] ?? '{}')
const adapter = await connectRemote(port, options)
const say = (/** @type {object} */ said) =>
  parentPort ? parentPort.postMessage(said) : process.send?.(said, () => undefined)
/** @type {Map<string, any>} */
const held = new Map()
/** @type {unknown[]} */
const notified = []

/** @type {Record<string, (given: any) => unknown>} */
const orders = {
  async acquire({ key, ttl, owner }) {
    const lock = await adapter.acquire(key, ttl, owner)
    if (lock !== null) held.set(key, lock)
    return lock === null ? null : { token: lock.token, owner: lock.owner }
  },
  release: ({ key }) => held.get(key).release(),
  isValid: ({ key }) => held.get(key).isValid(),
  lostLock: ({ key }) => untilAborted(held.get(key).signal),
  async claim({ key, lease }) {
    const claim = await adapter.idempotency.claim(key, { lease })
    held.set(`claim ${key}`, claim)
    return claim.state
  },
  set: ({ key, value }) => adapter.cache.set(key, value),
  get: ({ key }) => adapter.cache.get(key),
  delete: ({ key }) => adapter.cache.delete(key),
  clear: ({ startsWith }) => adapter.cache.clear({ startsWith }),
  /** Runs one load with several callers; `ms` is how long it takes, forever if absent. */
  async load({ key, value, callers = 1, ms, fails, options }) {
    let loads = 0
    const load = async () => {
      loads++
      say({ order: 'loading', value: key })
      await new Promise((resolve) => (ms === undefined ? undefined : setTimeout(resolve, ms)))
      if (fails) throw Object.assign(new TypeError('the load failed'), { code: 'E_LOAD' })
      return value
    }
    const calls = Array.from({ length: callers }, () => adapter.cache.getOrSet(key, load, options))
    const values = await Promise.allSettled(calls)
    return {
      loads,
      values: values.map((one) => (one.status === 'fulfilled' ? one.value : { ...plain(one.reason) })),
    }
  },
  /** Runs a load that requests another key. */
  async loadThrough({ key, through, ms }) {
    const inner = () => adapter.cache.getOrSet(through, () => 'inner')
    const load = async () => {
      say({ order: 'loading', value: key })
      await new Promise((resolve) => setTimeout(resolve, ms))
      return inner()
    }
    return adapter.cache.getOrSet(key, load)
  },
  /** Waits for a lock and releases it after `ms`. */
  async holdFor({ key, ms }) {
    const lock = await adapter.lock.hold(key, { ttl: 60_000, wait: 60_000 })
    say({ order: 'holds', value: key })
    await new Promise((resolve) => setTimeout(resolve, ms))
    return lock?.release()
  },
  recordFailure: ({ key, max }) => adapter.recordFailure(key, max),
  /** Runs loops that each await an answer before the next call. */
  async fail({ key, loops, times }) {
    const loop = async () => {
      for (let time = 0; time < times; time++) await adapter.recordFailure(key, 1_000_000_000)
    }
    await Promise.all(Array.from({ length: loops }, loop))
  },
  subscribe: ({ key }) => void adapter.subscribe(key, (state) => notified.push(state.failureCount)),
  notified: () => notified,
  /** Makes all calls at once, without awaiting any. */
  async pile({ sets, at = 0 }) {
    const settled = await Promise.allSettled(Array.from({ length: sets }, (_, n) => adapter.cache.set(`k${at + n}`, n)))
    return settled.filter(({ status }) => status === 'fulfilled').length
  },
  /** Writes results, each of which it reports, and pairs of rows under a lock in the database; never ends. */
  async writeForEver({ prefix }) {
    const lock = await adapter.acquire(prefix, 600_000)
    const insert = 'INSERT INTO pairs VALUES (?)'
    for (let n = 0; ; n++) {
      const pair = [n + 1, -n - 1].map((half) => ({ sql: insert, parameters: [half] }))
      const fenced = lock && adapter.fenced(lock, pair)
      await adapter.idempotency.set(`${prefix}${n}`, n)
      say({ order: 'wrote', value: `${prefix}${n}` })
      await fenced
    }
  },
  disconnect: () => adapter.disconnect(),
  throw: () => setImmediate(() => fail()),
  exit: () => process.exit(3),
  exitAfterSet({ key }) {
    void adapter.cache.set(key, 'sent')
    process.exit(0)
  },
  exitAfterRelease({ key }) {
    void held.get(key).release()
    process.exit(0)
  },
  // Blocks the event loop like a computation, without using the CPU.
  standStill: ({ ms }) => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), 0, 0, ms)
  },
  block: ({ ms }) => {
    const end = performance.now() + ms
    while (performance.now() < end);
  },
  memory: () => {
    const hoard = []
    for (;;) hoard.push(new Array(1_000_000).fill(hoard.length))
  },
}

function fail() {
  throw new Error('as ordered')
}

/** @param {AbortSignal} signal */
function untilAborted(signal) {
  return new Promise((resolve) => {
    const settle = () => resolve(plain(signal.reason))
    if (signal.aborted) settle()
    else signal.addEventListener('abort', settle)
  })
}

/** @param {any} error */
function plain(error) {
  return { name: error.name, code: error.code, message: error.message, outcome: error.outcome }
}

app.on('message', async (/** @type {any} */ { order, given }) => {
  if (orders[order] === undefined) return
  try {
    say({ order, value: await orders[order](given ?? {}) })
  } catch (error) {
    say({ order, error: plain(error) })
  }
})
say({ order: 'ready' })
