import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { quantile } from '../statistics.mjs'
import { watchTimers } from './late-timers.mjs'

/**
 * Backups of a file beside other ways to copy it, in turns, in a process of its own. Argument: `{ engine, path, megabytes,
 * runs }`. Prints a line of JSON: seconds of each run of `ours`, of `copied` (the part of ours until all pages are copied, which is
 * flushed by the engine, and not by dd), of `copy` (dd with fsync) and, where it is installed, of `shell` (the .backup of the sqlite3 shell, which
 * verifies nothing); ms that timers fired late during `ours`, and during `copy` to compare; `busy`, seconds of ours while
 * another process commits every ms, and how often the copy started anew; ms of the commits of that process in turns: without a
 * backup, with one, and while `copy` copies. The shell's .backup has no such turn: it starts anew after each commit, and had
 * not ended after nine minutes.
 */
const { engine: engineName, path, megabytes, runs } = JSON.parse(process.argv[2])
const { engine } = await import(`../engines/${engineName}.mjs`)
const target = `${path}.copy`
const VALUE = 'x'.repeat(100_000)
const ENTRIES_PER_CALL = 100
const QUIET_MS = 1_000

const adapter = await engine.openAdapter(path, { durability: 'power' })
for (let entry = 0; entry < megabytes * 10; entry += ENTRIES_PER_CALL) {
  await adapter.cache.setMany(Array.from({ length: ENTRIES_PER_CALL }, (_, at) => [`entry-${entry + at}`, VALUE]))
}

// In a session of its own, as the dd of a backup is: a kernel with autogroups gives CPU time by session. On a loaded machine a dd in
// this session waited 0.1 s for a core, and that of a backup 7.7 s (decision 41).
const run = async (program, args) => {
  const child = spawn(program, args, { stdio: 'ignore', detached: true })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${program} ended with code ${code}`)
}
const ways = {
  ours: (progress) => adapter.backup(target, { progress }),
  copy: () => run('dd', [`if=${path}`, `of=${target}`, 'bs=1M', 'conv=fsync']),
  ...(hasShell() && { shell: () => run('sqlite3', [path, `.backup ${target}`]) }),
}
const late = Object.fromEntries(Object.keys(ways).map((way) => [way, []]))
const seconds = { copied: [], ...Object.fromEntries(Object.keys(ways).map((way) => [way, []])) }
// The first round fills the cache of the system.
for (let round = 0; round <= runs; round++) {
  for (const [way, copy] of Object.entries(ways)) {
    let copied = 0
    const took = await timed(() => {
      const began = performance.now()
      return copy(() => {
        copied = performance.now() - began
      })
    }, late[way])
    if (round === 0) continue
    seconds[way].push(took)
    if (way === 'ours') seconds.copied.push(copied / 1_000)
  }
}

const writer = spawn(process.execPath, [fileURLToPath(new URL('copies-writer.mjs', import.meta.url)), engineName, path])
const lines = createInterface({ input: writer.stdout })[Symbol.asyncIterator]()
const latest = async () => {
  writer.stdin.write('\n')
  return JSON.parse((await lines.next()).value)
}
const commits = { quiet: [], beside: [], besideCopy: [] }
const busy = []
let restarts = 0
for (let run = 0; run < runs; run++) {
  let remaining = Number.POSITIVE_INFINITY
  const progress = (event) => {
    if (event.remainingPages > remaining) restarts++
    remaining = event.remainingPages
  }
  const turns = {
    quiet: () => pause(QUIET_MS),
    beside: async () => busy.push(await timed(() => adapter.backup(target, { progress }))),
    besideCopy: () => timed(ways.copy),
  }
  for (const [turn, work] of Object.entries(turns)) {
    // What the last turn has left, the removal of its copy too, is none of this one's.
    removeCopy()
    await pause(QUIET_MS)
    await latest()
    await work()
    commits[turn].push(...(await latest()))
  }
}
writer.kill()
const ofEach = (part) => Object.fromEntries(Object.entries(commits).map(([turn, ms]) => [turn, quantile(ms, part)]))

console.log(
  JSON.stringify({
    megabytes: Math.round(statSync(path).size / 1e6),
    seconds,
    busy,
    restarts,
    late: quantile(late.ours, 0.99),
    longest: quantile(late.ours, 1),
    lateBesideCopy: quantile(late.copy, 0.99),
    commits: ofEach(0.99),
    halfOfCommits: ofEach(0.5),
  }),
)
process.exit(0)

/** @param {() => Promise<unknown>} copy @param {number[]} [late] takes ms that timers fired late meanwhile */
async function timed(copy, late = []) {
  // Before the timers: to remove a GiB holds this thread for half a second.
  removeCopy()
  const timer = watchTimers(late)
  const began = performance.now()
  await copy()
  const took = performance.now() - began
  clearInterval(timer)
  return took / 1_000
}

function removeCopy() {
  for (const name of [target, `${target}.json`]) rmSync(name, { force: true })
}

function hasShell() {
  try {
    execFileSync('sqlite3', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
