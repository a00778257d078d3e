import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { workFolder } from '../work-folder.mjs'
import { withoutChannels } from './without-channels.mjs'

/**
 * Measures the cost of channels without subscribers, in its own process. Argument: `{ engine, frontEnd, runs }`. Prints a line
 * of JSON: µs of CPU time by operation, of our adapter and of the same code without channels, in interleaved runs.
 */
const { engine: engineName, frontEnd, runs } = JSON.parse(process.argv[2])
const { engine } = await import(`../engines/${engineName}.mjs`)
const CALLS = 2_000
const IN_FLIGHT = 100

const folder = mkdtempSync(join(workFolder(), 'channels-'))
const { SQLiteAdapter } = await withoutChannels(frontEnd, folder)
const adapters = {
  ours: await engine.openAdapter(':memory:', {}),
  without: await engine.openAdapter(':memory:', {}, SQLiteAdapter),
}
rmSync(folder, { recursive: true, force: true })

const value = { some: 'value' }
const calls = {
  get: ({ cache }, key) => cache.get(key),
  set: ({ cache }, key) => cache.set(key, value),
  'acquire + release': async ({ lock }, key) => (await lock.acquire(key))?.release(),
}
const operations = Object.fromEntries(
  Object.entries(calls).flatMap(([name, call]) => [
    [`${name}, 1 in flight`, (adapter) => inTurn(adapter, call)],
    [`${name}, ${IN_FLIGHT} in flight`, (adapter) => together(adapter, call)],
  ]),
)

const costs = {}
for (const [name, run] of Object.entries(operations)) {
  costs[name] = { ours: [], without: [] }
  // The JavaScript engine compiles during the first runs.
  for (let at = -10; at < runs; at++) {
    for (const who of at % 2 === 0 ? ['ours', 'without'] : ['without', 'ours']) {
      const before = process.cpuUsage()
      await run(adapters[who])
      const { user, system } = process.cpuUsage(before)
      if (at >= 0) costs[name][who].push(user + system)
    }
  }
}
console.log(JSON.stringify(costs))
process.exit(0)

async function inTurn(adapter, call) {
  for (let at = 0; at < CALLS; at++) await call(adapter, `k${at % IN_FLIGHT}`)
}

async function together(adapter, call) {
  for (let at = 0; at < CALLS; at += IN_FLIGHT) {
    await Promise.all(Array.from({ length: IN_FLIGHT }, (_, key) => call(adapter, `k${key}`)))
  }
}
