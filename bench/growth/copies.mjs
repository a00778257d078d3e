import { execFileSync, spawn } from 'node:child_process'
import { rmSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { quantile } from '../statistics.mjs'
import { watchTimers } from './late-timers.mjs'

/**
 * Backups of a file beside other ways to copy it, in turns, in a process of its own. Argument: `{ engine, path, megabytes,
 * runs }`. Prints a line of JSON: seconds of each run of `ours`, of `copy` (dd with fsync) and, where it is installed, of
 * `shell` (the .backup of the sqlite3 shell); `busy`, seconds of ours while another process commits every ms, and how often
 * the copy started anew; ms that timers fired late meanwhile; ms of the commits of that process with and without a backup.
 */
const { engine: engineName, path, megabytes, runs } = JSON.parse(process.argv[2])
const { engine } = await import(`../engines/${engineName}.mjs`)
const target = `${path}.copy`
const VALUE = 'x'.repeat(100_000)
const ENTRIES_PER_CALL = 100

const adapter = await engine.openAdapter(path, { durability: 'power' })
for (let entry = 0; entry < megabytes * 10; entry += ENTRIES_PER_CALL) {
  await adapter.cache.setMany(Array.from({ length: ENTRIES_PER_CALL }, (_, at) => [`entry-${entry + at}`, VALUE]))
}

const late = []
const ways = {
  ours: () => adapter.backup(target),
  copy: async () => execFileSync('dd', [`if=${path}`, `of=${target}`, 'bs=1M', 'conv=fsync'], { stdio: 'ignore' }),
  ...(hasShell() && { shell: async () => execFileSync('sqlite3', [path, `.backup ${target}`]) }),
}
const seconds = Object.fromEntries(Object.keys(ways).map((way) => [way, []]))
// The first round fills the cache of the system.
for (let run = 0; run <= runs; run++) {
  for (const [way, copy] of Object.entries(ways)) {
    const took = await timed(copy, way === 'ours' ? late : undefined)
    if (run > 0) seconds[way].push(took)
  }
}

const writer = spawn(process.execPath, [fileURLToPath(new URL('copies-writer.mjs', import.meta.url)), engineName, path])
const lines = createInterface({ input: writer.stdout })[Symbol.asyncIterator]()
const commits = async () => {
  writer.stdin.write('\n')
  return JSON.parse((await lines.next()).value)
}
await commits()
await new Promise((resolve) => setTimeout(resolve, 1_000))
const quiet = await commits()
const busy = []
let restarts = 0
for (let run = 0; run < runs; run++) {
  let remaining = Number.POSITIVE_INFINITY
  const progress = (event) => {
    if (event.remainingPages > remaining) restarts++
    remaining = event.remainingPages
  }
  busy.push(await timed(() => adapter.backup(target, { progress })))
}
const beside = await commits()
writer.kill()

console.log(
  JSON.stringify({
    megabytes: Math.round(statSync(path).size / 1e6),
    seconds,
    busy,
    restarts,
    late: quantile(late, 0.99),
    longest: quantile(late, 1),
    commits: { quiet: quantile(quiet, 0.99), beside: quantile(beside, 0.99) },
  }),
)
process.exit(0)

/** @param {number[]} [late] takes ms that timers fired late meanwhile */
async function timed(copy, late) {
  // Before the timers: to remove a GiB holds this thread for a third of a second.
  for (const name of [target, `${target}.json`]) rmSync(name, { force: true })
  const timer = late === undefined ? undefined : watchTimers(late)
  const began = performance.now()
  await copy()
  const took = performance.now() - began
  clearInterval(timer)
  return took / 1_000
}

function hasShell() {
  try {
    execFileSync('sqlite3', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
