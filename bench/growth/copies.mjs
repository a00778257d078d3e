import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { quantile } from '../statistics.mjs'
import { watchTimers } from './late-timers.mjs'

/**
 * Compares backups of a file with other ways to copy it, interleaved, in its own process. Argument: `{ engine, path, megabytes,
 * runs, rounds }`. Prints a line of JSON:
 *
 * - seconds of each run of `ours`, of `copied` (the part of ours until all pages are copied; the engine flushes them, dd does
 *   not), of `copy` (dd with fsync) and, if installed, of `shell` (.backup of the sqlite3 shell, which verifies nothing);
 * - ms by which timers fired late during `ours`, and during `copy` for comparison;
 * - `busy`: seconds of ours while another process commits every ms, and how often the copy restarted;
 * - ms of the commits of that process, interleaved in `rounds`: without a backup, with one, and during `copy`. The shell's .backup
 *   is not among these: it restarts after each commit, and had not ended after nine minutes.
 */
const { engine: engineName, path, megabytes, runs, rounds } = JSON.parse(process.argv[2])
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
// The first round fills the operating system's page cache.
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
for (let round = 0; round < rounds; round++) {
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
    // Work left by the previous round, including the removal of its copy, must not count in this one.
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

/** @param {() => Promise<unknown>} copy @param {number[]} [late] receives the ms by which timers fired late meanwhile */
async function timed(copy, late = []) {
  // Before the timers start: removing a GiB blocks this thread for half a second.
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
