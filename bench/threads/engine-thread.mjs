import { watchTimers } from '../growth/late-timers.mjs'
import { quantile } from '../statistics.mjs'
import { callsOf } from './calls.mjs'
import { inTurns } from './in-turns.mjs'
import { perSecond, rateOf } from './rate.mjs'

/**
 * Measures what an engine in its own thread does to the app's thread: rates, gets during a scan, and how late timers fire.
 *
 * @param {(file: string, options: object) => Promise<object>} open
 * @param {{ folder: string, keys: [string, number][], rows: number, runs: number, duration: number }} how `duration` in ms
 * @param {() => void} beforeTimers called after the rates were measured
 */
export async function measureEngineThread(open, { folder, keys, rows, runs, duration }, beforeTimers) {
  const here = await open(`${folder}/here.db`, { durability: 'power' })
  const inThread = { durability: 'power', worker: true }
  const thread = await open(`${folder}/thread.db`, inThread)
  for (const adapter of [here, thread]) await fill(adapter, keys, rows)
  const readers = await open(`${folder}/thread.db`, { ...inThread, readers: 1 })
  await readers.cache.keys('none')
  const rates = {}
  for (const [title, call, inFlight] of [
    ['get, 100 in flight', 'get', 100],
    ['set, 100 in flight', 'set', 100],
    ['set, one at a time', 'set', 1],
  ]) {
    const rate = (adapter) => async () => perSecond([await rateOf(callsOf(adapter)[call], { inFlight, duration })])
    rates[title] = await inTurns(runs, { here: rate(here), thread: rate(thread) })
  }
  const gets = async (adapter) =>
    perSecond([await rateOf(callsOf(adapter).get, { inFlight: 1, duration: 2 * duration })])
  const scans = await inTurns(runs, {
    alone: () => gets(readers),
    'beside a scan': () => besideScans(readers, () => gets(readers)),
    'beside a scan, no reader': () => besideScans(thread, () => gets(thread)),
  })
  beforeTimers()
  const late = await lateTimers({ here, thread, readers }, { runs, duration: 2 * duration })
  for (const adapter of [here, thread, readers]) await adapter.disconnect()
  return { rates, scans, ...late }
}

const LOADS = {
  gets: (adapter, duration) => rateOf(callsOf(adapter).get, { inFlight: 100, duration }),
  sets: (adapter, duration) => rateOf(callsOf(adapter).set, { inFlight: 100, duration }),
  keys: (adapter, duration) => rateOf(() => adapter.cache.keys(), { inFlight: 1, duration }),
}

/**
 * Returns the p99 delay of timers in ms, by load and place, over all rounds together, because one round has too few timers for a
 * p99; and the part of it that the thread's own work explains. For the rest it waited for a core.
 */
async function lateTimers(adapters, { runs, duration }) {
  const found = { late: {}, ownLate: {} }
  for (const [load, work] of Object.entries(LOADS)) {
    const noted = async (adapter) => {
      const timers = { late: [], own: [] }
      const timer = watchTimers(timers.late, timers.own)
      await work(adapter, duration)
      await new Promise((resolve) => setTimeout(resolve, 20))
      clearInterval(timer)
      return timers
    }
    const contestants = Object.entries(adapters).map(([where, adapter]) => [where, () => noted(adapter)])
    const rounds = Object.entries(await inTurns(runs, Object.fromEntries(contestants)))
    const most = (part) => rounds.map(([where, all]) => [where, quantile(all.flatMap(part), 0.99)])
    found.late[load] = Object.fromEntries(most(({ late }) => late))
    found.ownLate[load] = Object.fromEntries(most(({ own }) => own))
  }
  return found
}

async function fill(adapter, keys, rows) {
  await adapter.cache.setMany(keys)
  for (let from = 0; from < rows; from += 10_000) {
    await adapter.cache.setMany(Array.from({ length: 10_000 }, (_, at) => [`row-${from + at}`, 'x']))
  }
}

/** Lists all keys repeatedly meanwhile. */
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
