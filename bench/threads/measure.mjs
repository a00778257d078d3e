import { readFileSync } from 'node:fs'
import { serve } from '@go-go-scope/persistence-sqlite-node/remote'
import { keepCoresAwake } from './awake-cores.mjs'
import { callsOf } from './calls.mjs'
import { echoTo } from './echo.mjs'
import { measureEngineThread } from './engine-thread.mjs'
import { inTurns } from './in-turns.mjs'
import { onOneCore } from './one-core.mjs'
import { pairsOf } from './pairs.mjs'
import { perSecond, rateOf } from './rate.mjs'
import { children, rateTogether, runTogether, threads, workersOfCluster } from './users.mjs'

/**
 * Compares one owner and its clients with other ways to use a file from several threads and processes, and measures an engine in
 * its own thread. Runs in its own process. Argument: `{ engine, folder, runs, duration, rows }`. Prints a line of JSON.
 */
const { engine: name, folder, runs, duration, rows } = JSON.parse(process.argv[2])
const { engine } = await import(`../engines/${name}.mjs`)
const KEYS = Array.from({ length: 1_000 }, (_, n) => [`k${n}`, n])

const filled = async (file, options) => {
  const adapter = await engine.openAdapter(file, options)
  await adapter.cache.setMany(KEYS)
  return adapter
}

/** Returns the µs of this thread for its own call, for a call of a client that it serves, and for an echo. In memory. */
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
    inTurns(runs, {
      direct: () => costOf(() => rateOf(own[call], { inFlight: 100, duration })),
      remote: () => costOf(() => user.tell({ order: 'run', call, inFlight: 100, duration })),
      echo: () => costOf(() => echoed[0].tell({ order: 'run', call, inFlight: 100, duration })),
    })
  const found = { get: await costs('get'), set: await costs('set') }
  await server.close()
  await adapter.disconnect()
  return found
}

/** Returns gets per second by number of workers, 100 in flight each, and the hand-written pattern against ours on its channel. */
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
  const gets = await inTurns(runs, contestants)
  const pairs = {}
  const short = { rounds: 4 * runs, duration: duration / 2 }
  for (const workers of [1, 2, 4]) pairs[workers] = await pairsOf(direct, remote.slice(0, workers), short)
  const ours = await children(2, { kind: 'remote' }, server)
  const two = pattern.slice(0, 2)
  const queries = {}
  for (const [size, inFlight] of [
    [1, 100],
    [100, 100],
    [1_000, 1_000],
  ]) {
    queries[size] = await inTurns(runs, {
      ours: () => rateTogether(ours, 'get', inFlight, duration),
      pattern: async () => size * (await rateTogether(two, `get ${size}`, inFlight / size, duration)),
    })
  }
  for (const { peer } of [...own, ...ours, ...pattern]) end(peer)
  await server.close()
  await adapter.disconnect()
  return { gets, pairs, queries }
}

/** Answers the queries of a request in the primary of the pattern. */
function answersOf(database) {
  const sql = 'SELECT value FROM go_goscope_cache WHERE key = ?'
  const prepared = database.prepare(sql)
  if (engine.synchronous) return async (queries) => queries.map(({ key }) => prepared.get(key))
  const ask = (key) =>
    new Promise((resolve, reject) => prepared.get(key, (error, row) => (error ? reject(error) : resolve(row))))
  return (queries) => Promise.all(queries.map(({ key }) => ask(key)))
}

/** Measures durable writes of four threads, and locks. On a file with `power`. */
async function measureWrites() {
  const path = `${folder}/writes.db`
  const adapter = await filled(path, { durability: 'power' })
  const server = serve(adapter)
  const overPorts = await threads(4, { kind: 'remote' }, server)
  const overIpc = await children(4, { kind: 'remote' }, server)
  const echoed = await children(4, { kind: 'echo' })
  echoTo(echoed)
  // With a slow disk, one of four steady writers may wait for the others for longer than the default of 5 s.
  const durable = { durability: 'power', busyTimeout: 60_000 }
  const own = await threads(4, { kind: 'own', engine: name, path: `${folder}/own.db`, options: durable })
  const options = { ...durable, locks: 'database' }
  const inFile = await children(4, { kind: 'own', engine: name, path: `${folder}/locks.db`, options })
  const sets = await inTurns(runs, {
    remote: () => rateTogether(overPorts, 'set', 100, 2 * duration),
    own: () => rateTogether(own, 'set', 100, 2 * duration),
  })
  const locks = {}
  for (const inFlight of [1, 100]) {
    locks[inFlight] = await inTurns(runs, {
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

/** Returns the commits in the WAL per write of clients that have one write in flight each. */
async function commitsOfWrite(database, path, users) {
  await engine.exec(database, 'PRAGMA wal_checkpoint(TRUNCATE)')
  // The WAL does not restart while a reader is active.
  await engine.exec(database, 'BEGIN; SELECT count(*) FROM go_goscope_cache')
  const ran = await runTogether(users, { call: 'set', inFlight: 1, duration: 2 * duration })
  const log = readFileSync(`${path}-wal`)
  await engine.exec(database, 'COMMIT')
  const page = log.readUInt32BE(8)
  let commits = 0
  // The last frame of a commit contains the size of the file after it.
  for (let at = 32; at + 24 + page <= log.length; at += 24 + page) if (log.readUInt32BE(at + 4) !== 0) commits++
  return commits / ran.reduce((sum, { made }) => sum + made, 0)
}

function end(peer) {
  if (typeof peer.terminate !== 'function') peer.kill()
}

const cpu = await onOneCore(measureCpu)
const endLoops = keepCoresAwake()
const { gets, pairs, queries } = await measureRates()
const writes = await measureWrites()
const of = { folder, keys: KEYS, rows, runs, duration }
// A loop of the lowest priority still occasionally takes a core from a timer.
const thread = await measureEngineThread(engine.openAdapter, of, endLoops)
console.log(JSON.stringify({ cpu, gets, pairs, queries, ...writes, thread }))
process.exit(0)
