import { readFileSync } from 'node:fs'
import { serve } from '@go-go-scope/persistence-sqlite-node/remote'
import { watchTimers } from '../growth/late-timers.mjs'
import { quantile } from '../statistics.mjs'
import { keepCoresAwake } from './awake-cores.mjs'
import { callsOf } from './calls.mjs'
import { echoTo } from './echo.mjs'
import { perSecond, rateOf } from './rate.mjs'
import { children, rateTogether, threads, workersOfCluster } from './users.mjs'

/**
 * One owner and its users against other ways to use a file from several threads and processes, and an engine in a thread
 * of its own, in a process of its own. Argument: `{ engine, folder, runs, duration, rows }`. Prints a line of JSON.
 */
const { engine: name, folder, runs, duration, rows } = JSON.parse(process.argv[2])
const { engine } = await import(`../engines/${name}.mjs`)
const KEYS = Array.from({ length: 1_000 }, (_, n) => [`k${n}`, n])

/**
 * Measures contestants in turns, the first one of each round another one each time.
 *
 * @param {Record<string, () => Promise<number>>} contestants
 * @returns {Promise<Record<string, number[]>>}
 */
async function inTurns(contestants) {
  const names = Object.keys(contestants)
  const found = Object.fromEntries(names.map((one) => [one, []]))
  for (let run = -1; run < runs; run++) {
    for (const one of run % 2 === 0 ? names : names.toReversed()) {
      const figure = await contestants[one]()
      if (run >= 0) found[one].push(figure)
    }
  }
  return found
}

const filled = async (file, options) => {
  const adapter = await engine.openAdapter(file, options)
  await adapter.cache.setMany(KEYS)
  return adapter
}

/** µs of this thread for a call that it makes itself, for one of a user that it serves, and for words it sends back. In memory. */
async function measureCpu() {
  const adapter = await filled(':memory:')
  const server = serve(adapter)
  const [user] = await threads(1, { kind: 'remote' }, server)
  const echoed = await threads(1, { kind: 'echo' })
  echoTo(echoed)
  const own = callsOf(adapter)
  const costOf = async (work) => {
    const before = process.threadCpuUsage()
    const { made } = await work()
    const { user: inUser, system } = process.threadCpuUsage(before)
    return (inUser + system) / made
  }
  const costs = (call) =>
    inTurns({
      direct: () => costOf(() => rateOf(own[call], { inFlight: 100, duration })),
      remote: () => costOf(() => user.tell({ order: 'run', call, inFlight: 100, duration })),
      echo: () => costOf(() => echoed[0].tell({ order: 'run', call, inFlight: 100, duration })),
    })
  const found = { get: await costs('get'), set: await costs('set') }
  await server.close()
  await adapter.disconnect()
  return found
}

/** Gets a second by number of workers, 100 in flight each, and the hand-written pattern against ours on its channel. */
async function measureRates() {
  const path = `${folder}/rates.db`
  const options = { durability: 'process' }
  const adapter = await filled(path, options)
  const server = serve(adapter)
  const database = await engine.open(path)
  const remote = await threads(4, { kind: 'remote' }, server)
  const own = await threads(4, { kind: 'own', engine: name, path, options })
  const pattern = await workersOfCluster(4, answersOf(database))
  const direct = callsOf(adapter)
  const contestants = { direct: async () => perSecond([await rateOf(direct.get, { inFlight: 100, duration })]) }
  for (const workers of [1, 2, 4]) {
    contestants[`remote ${workers}`] = () => rateTogether(remote.slice(0, workers), 'get', 100, duration)
    contestants[`own ${workers}`] = () => rateTogether(own.slice(0, workers), 'get', 100, duration)
    contestants[`pattern ${workers}`] = () => rateTogether(pattern.slice(0, workers), 'get 1', 100, duration)
  }
  const gets = await inTurns(contestants)
  const ours = await children(2, { kind: 'remote' }, server)
  const two = pattern.slice(0, 2)
  const queries = {}
  for (const [size, inFlight] of [
    [1, 100],
    [100, 100],
    [1_000, 1_000],
  ]) {
    queries[size] = await inTurns({
      ours: () => rateTogether(ours, 'get', inFlight, duration),
      pattern: async () => size * (await rateTogether(two, `get ${size}`, inFlight / size, duration)),
    })
  }
  for (const { peer } of [...own, ...ours, ...pattern]) end(peer)
  await server.close()
  await adapter.disconnect()
  return { gets, queries }
}

/** What the primary of the pattern does with the queries of a request. */
function answersOf(database) {
  const sql = 'SELECT value FROM go_goscope_cache WHERE key = ?'
  const prepared = database.prepare(sql)
  if (engine.synchronous) return async (queries) => queries.map(({ key }) => prepared.get(key))
  const ask = (key) =>
    new Promise((resolve, reject) => prepared.get(key, (error, row) => (error ? reject(error) : resolve(row))))
  return (queries) => Promise.all(queries.map(({ key }) => ask(key)))
}

/** Durable writes of four, and locks. On a file with `power`. */
async function measureWrites() {
  const path = `${folder}/writes.db`
  const adapter = await filled(path, { durability: 'power' })
  const server = serve(adapter)
  const overPorts = await threads(4, { kind: 'remote' }, server)
  const overIpc = await children(4, { kind: 'remote' }, server)
  const echoed = await children(4, { kind: 'echo' })
  echoTo(echoed)
  const own = await threads(4, {
    kind: 'own',
    engine: name,
    path: `${folder}/own.db`,
    options: { durability: 'power' },
  })
  const options = { durability: 'power', locks: 'database' }
  const inFile = await children(4, { kind: 'own', engine: name, path: `${folder}/locks.db`, options })
  const sets = await inTurns({
    remote: () => rateTogether(overPorts, 'set', 100, 2 * duration),
    own: () => rateTogether(own, 'set', 100, 2 * duration),
  })
  const locks = {}
  for (const inFlight of [1, 100]) {
    locks[inFlight] = await inTurns({
      remote: () => rateTogether(overIpc, 'lock', inFlight, duration),
      echo: () => rateTogether(echoed, 'lock', inFlight, duration),
      'in the file': () => rateTogether(inFile, 'lock', inFlight, duration),
    })
  }
  const commits = { port: [], ipc: [] }
  const database = await engine.open(path)
  for (let run = 0; run < Math.min(runs, 5); run++) {
    commits.port.push(await commitsOfWrite(database, path, overPorts))
    commits.ipc.push(await commitsOfWrite(database, path, overIpc))
  }
  for (const { peer } of [...own, ...overIpc, ...echoed, ...inFile]) end(peer)
  await server.close()
  await adapter.disconnect()
  return { sets, locks, commits }
}

/** Commits in the log for each write of users that have one under way each. */
async function commitsOfWrite(database, path, users) {
  await engine.exec(database, 'PRAGMA wal_checkpoint(TRUNCATE)')
  // The log does not begin anew while somebody reads.
  await engine.exec(database, 'BEGIN; SELECT count(*) FROM go_goscope_cache')
  const order = { order: 'run', call: 'set', inFlight: 1, duration: 2 * duration }
  const ran = await Promise.all(users.map((user) => user.tell(order)))
  const log = readFileSync(`${path}-wal`)
  await engine.exec(database, 'COMMIT')
  const page = log.readUInt32BE(8)
  let commits = 0
  // The frame that ends a commit tells how large the file is after it.
  for (let at = 32; at + 24 + page <= log.length; at += 24 + page) if (log.readUInt32BE(at + 4) !== 0) commits++
  return commits / ran.reduce((sum, { made }) => sum + made, 0)
}

/** How long the event loop is held, ms of 99 of 100 timers, and what a scan leaves of the gets. */
async function measureThread() {
  const open = (file, more) => engine.openAdapter(file, { durability: 'power', ...more })
  const paths = { here: `${folder}/here.db`, thread: `${folder}/thread.db` }
  const adapters = { here: await open(paths.here), thread: await open(paths.thread, { worker: true }) }
  for (const adapter of Object.values(adapters)) await fillRows(adapter)
  const reading = await open(paths.thread, { worker: true, readers: 1 })
  await reading.cache.keys('none')
  const rates = {}
  for (const [title, call, inFlight] of [
    ['get, 100 in flight', 'get', 100],
    ['set, 100 in flight', 'set', 100],
    ['set, one at a time', 'set', 1],
  ]) {
    const rate = (adapter) => async () => perSecond([await rateOf(callsOf(adapter)[call], { inFlight, duration })])
    rates[title] = await inTurns({ here: rate(adapters.here), thread: rate(adapters.thread) })
  }
  const late = {}
  const loads = {
    gets: (adapter, ms) => rateOf(callsOf(adapter).get, { inFlight: 100, duration: ms }),
    sets: (adapter, ms) => rateOf(callsOf(adapter).set, { inFlight: 100, duration: ms }),
    keys: (adapter, ms) => rateOf(() => adapter.cache.keys(), { inFlight: 1, duration: ms }),
  }
  for (const [load, work] of Object.entries(loads)) {
    late[load] = {}
    for (const [where, adapter] of Object.entries({ ...adapters, readers: reading })) {
      const noted = []
      const timer = watchTimers(noted)
      await work(adapter, 6 * duration)
      await new Promise((resolve) => setTimeout(resolve, 20))
      clearInterval(timer)
      late[load][where] = quantile(noted, 0.99)
    }
  }
  const scans = await inTurns({
    alone: () => getsOf(reading),
    'beside a scan': () => besideScans(reading, () => getsOf(reading)),
    'beside a scan, no reader': () => besideScans(adapters.thread, () => getsOf(adapters.thread)),
  })
  for (const adapter of [...Object.values(adapters), reading]) await adapter.disconnect()
  return { rates, late, scans }
}

async function fillRows(adapter) {
  await adapter.cache.setMany(KEYS)
  for (let from = 0; from < rows; from += 10_000) {
    await adapter.cache.setMany(Array.from({ length: 10_000 }, (_, at) => [`row-${from + at}`, 'x']))
  }
}

const getsOf = async (adapter) =>
  perSecond([await rateOf(callsOf(adapter).get, { inFlight: 1, duration: 2 * duration })])

/** Has all keys listed without a pause meanwhile. */
async function besideScans(adapter, work) {
  let over = false
  const scanning = (async () => {
    while (!over) await adapter.cache.keys('*7777*')
  })()
  const result = await work()
  over = true
  await scanning
  return result
}

function end(peer) {
  if (typeof peer.terminate !== 'function') peer.kill()
}

const endLoops = keepCoresAwake()
const cpu = await measureCpu()
const { gets, queries } = await measureRates()
const writes = await measureWrites()
endLoops()
const thread = await measureThread()
console.log(JSON.stringify({ cpu, gets, queries, ...writes, thread }))
process.exit(0)
