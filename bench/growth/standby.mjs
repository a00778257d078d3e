import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'

/**
 * Measures the cost and the speed of a standby, in its own process. Argument: `{ engine, folder, rows, runs, duration }`. Prints a
 * line of JSON: calls per second with the log and without it in each run, ms of the lag, ms of rounds by number of rows and of a
 * full copy, ms of a takeover and of its quick_check.
 */
const { engine: engineName, folder, rows, runs, duration } = JSON.parse(process.argv[2])
const { engine } = await import(`../engines/${engineName}.mjs`)

const EVERY_MS = 5
const TTL = 3_600_000
const CHUNK = 1_000
const VALUE = { name: 'Ada Lovelace', active: true, score: 1.5, tags: ['reader', 'writer'], text: 'x'.repeat(100) }
const keyAt = (index) => `row:${((index * 7919) % 1_000_003).toString(36)}`
const options = { locks: 'database', durability: 'power' }

/** Returns calls per second. */
async function rateOf(call, inFlight, index) {
  const end = performance.now() + duration
  const began = performance.now()
  let calls = 0
  while (performance.now() < end) {
    await Promise.all(Array.from({ length: inFlight }, () => call(index + calls++)))
  }
  return (calls * 1000) / (performance.now() - began)
}

const writes = {
  'set, one at a time': [(adapter) => (index) => adapter.set(keyAt(index % 1_000), { ...VALUE, index }), 1],
  'set, 100 in flight': [(adapter) => (index) => adapter.set(keyAt(index % 1_000), { ...VALUE, index }), 100],
  'lock acquire + release': [
    (adapter) => async (index) => (await adapter.lock.acquire(keyAt(index % 1_000), TTL)).release(),
    1,
  ],
}

/** With a log that nobody reads meanwhile: a follower would work on another core. */
async function measureLog() {
  const without = await engine.openAdapter(`${folder}/without.db`, options)
  const logged = await engine.openAdapter(`${folder}/logged.db`, options)
  const standby = await engine.follow(logged, { target: ':memory:', every: 1e9 })
  const rates = {}
  for (const [name, [of, inFlight]] of Object.entries(writes)) {
    rates[name] = { logged: [], without: [] }
    for (let run = 0; run < runs + 1; run++) {
      // Interleaved; each run starts with another contestant.
      const pair = [
        ['logged', logged],
        ['without', without],
      ]
      for (const [which, adapter] of run % 2 === 0 ? pair : pair.toReversed()) {
        const rate = await rateOf(of(adapter), inFlight, run * 1_000_000)
        if (run > 0) rates[name][which].push(rate)
      }
    }
  }
  await standby.stop()
  await without.disconnect()
  await logged.disconnect()
  return rates
}

async function timed(work) {
  const began = performance.now()
  await work()
  return performance.now() - began
}

const middle = (samples) => samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)]
const high = (samples) => samples.toSorted((a, b) => a - b)[Math.floor(samples.length * 0.99)]

async function measureFollowing() {
  const path = `${folder}/source.db`
  const adapter = await engine.openAdapter(path, { ...options, durability: 'process' })
  for (let from = 0; from < rows; from += CHUNK) {
    await adapter.setMany(Array.from({ length: CHUNK }, (_, at) => [keyAt(from + at), VALUE]))
  }
  const first = performance.now()
  const standby = await engine.follow(adapter, { target: ':memory:', every: 1e9 })
  const follow = performance.now() - first
  const increments = {}
  for (const changed of [10, 100, 1_000, 10_000]) {
    const samples = []
    for (let run = 0; run < 5; run++) {
      const entries = Array.from({ length: changed }, (_, at) => [
        keyAt(run * changed + at),
        { ...VALUE, run, changed },
      ])
      for (let from = 0; from < changed; from += CHUNK) await adapter.setMany(entries.slice(from, from + CHUNK))
      samples.push(await timed(() => standby.waitFor()))
    }
    increments[changed] = middle(samples)
  }
  const copies = []
  const handle = await engine.open(path)
  for (let run = 0; run < 3; run++) {
    // A change of the schema makes the standby copy everything again.
    await engine.exec(handle, `CREATE TABLE another_${run} (x)`)
    copies.push(await timed(() => standby.waitFor()))
  }
  await standby.stop()
  const lags = await measureLag(adapter)
  return { adapter, follow, increments, copy: middle(copies), lag: { middle: middle(lags), high: high(lags) } }
}

/** Returns the ms from a commit until the standby reports it, at random moments of its interval. */
async function measureLag(adapter) {
  const standby = await engine.follow(adapter, { target: ':memory:', every: EVERY_MS })
  const lags = []
  for (let sample = 0; sample < 300; sample++) {
    const before = standby.position
    await pause(Math.random() * 2 * EVERY_MS)
    await adapter.set('lag', { ...VALUE, sample })
    const committed = performance.now()
    while (standby.position === before) await pause(1)
    lags.push(performance.now() - committed)
  }
  await standby.stop()
  return lags
}

/** Returns the ms of takeovers in a file next to the source, and of the check that each takeover makes of it. */
async function measureTakeovers(adapter) {
  const takeovers = []
  const checks = []
  for (let run = 0; run < 5; run++) {
    const target = `${folder}/standby-${run}.db`
    const standby = await engine.follow(adapter, { target, every: EVERY_MS })
    await standby.waitFor()
    takeovers.push(await timed(async () => (await standby.takeOver({ force: true })).disconnect()))
    const handle = await engine.open(target)
    checks.push(await timed(() => engine.exec(handle, 'PRAGMA quick_check(1)')))
  }
  return { takeover: middle(takeovers), check: middle(checks) }
}

const log = await measureLog()
const { adapter, ...following } = await measureFollowing()
const takeovers = await measureTakeovers(adapter)
await adapter.disconnect()
console.log(JSON.stringify({ rows, every: EVERY_MS, log, ...following, ...takeovers }))
process.exit(0)
