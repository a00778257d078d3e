import '../scripts/end-with-reader.mjs'
import {
  measureChannels,
  measureCopies,
  measureFreshLocks,
  measureLocks,
  measureMemory,
  measureRows,
  measureStandby,
  measureStart,
  measureSweep,
  measureThreads,
  measureTurns,
} from './growth/measure-growth.mjs'
import { installPeers } from './install-peers.mjs'
import { describeMachine, describeVersions } from './machine.mjs'
import { readOptions } from './options.mjs'
import { packageSizes } from './package-sizes.mjs'
import { cells, fullPlan, quickPlan } from './plan.mjs'
import { measurePostgres } from './postgres/measure-postgres.mjs'
import { printTables } from './print.mjs'
import { runRace } from './race.mjs'
import { writeReport } from './report.mjs'
import { readResults, writeResults } from './results.mjs'
import { tablesOf } from './tables.mjs'

const THEN = '`, then `'
/** What takes minutes also in short runs: `--quick` measures them only where `--filter` names them. */
const LONG = ['rows', 'sweeps', 'standbys', 'threads', 'channels', 'copies', 'locks', 'memory', 'postgres']

const options = readOptions()
// Many short runs: a pool thread may wake fast or slowly for a while, and each contestant should meet both.
const effort = { runs: options.runs ?? (options.quick ? 7 : 15), duration: 20 }
// A durable write takes about a millisecond: a run has to hold some.
const durable = { ...effort, duration: effort.duration * 3 }
const everything = options.filter.length === 0
const wanted = (part, ...words) =>
  everything
    ? !(options.quick && LONG.includes(part))
    : options.filter.some((text) => [part, ...words].join(' ').includes(text))

const peerNames = ['keyv', 'cache-manager', 'bun-sqlite-key-value', 'langgraph']
const main = cells.slice(0, 3)

if (options.peers) await installPeers()
const results = {
  mode: options.quick ? 'quick' : 'full',
  date: new Date().toISOString().slice(0, 10),
  command: ['npm run bench', ...process.argv.slice(2)].join(' ').replace('bench -', 'bench -- -'),
  machine: describeMachine(),
  versions: describeVersions(),
  races: {},
  rows: {},
  sweeps: {},
  standbys: {},
  threads: {},
  turns: {},
  channels: {},
  copies: {},
  locks: {},
  freshLocks: {},
  memory: {},
  starts: {},
  packages: {},
  postgres: {},
}
const keep = everything || options.update
const earlier = options.update ? (readResults('full') ?? results) : results
const all = () => (options.update ? merged(earlier, results) : results)
/** After each measurement: what an interrupted run has measured is not lost. */
const save = () => keep && writeResults(all())
const began = performance.now()

for (const race of options.quick ? quickPlan() : fullPlan()) {
  const { trial, cell, storage } = race
  if (!wanted(trial, cell.name, storage)) continue
  if (!options.peers) for (const peer of peerNames) delete race.contestants[peer]
  progress(`${trial}: ${cell.name}, ${storage}`)
  results.races[`${trial}/${cell.name}/${storage}`] = await runRace(race, storage === 'power' ? durable : effort)
  save()
}
for (const cell of options.quick ? main : cells.slice(0, 4)) {
  if (!wanted('rows', cell.name)) continue
  progress(`rows: ${cell.name}`)
  results.rows[cell.name] = await measureRows(
    cell,
    options.quick ? [1_000, 100_000] : [1_000, 10_000, 100_000, 1_000_000],
  )
  save()
}
for (const cell of options.quick ? main : cells.slice(0, 4)) {
  if (!wanted('sweeps', cell.name)) continue
  progress(`sweeps: ${cell.name}`)
  results.sweeps[cell.name] = await measureSweep(cell, options.quick ? 100_000 : 1_000_000)
  save()
}
for (const cell of cells.slice(0, 4)) {
  if (!wanted('standbys', cell.name)) continue
  progress(`standbys: ${cell.name}`)
  const size = { rows: options.quick ? 10_000 : 100_000, runs: options.quick ? 5 : 15, duration: 60 }
  results.standbys[cell.name] = await measureStandby(cell, size)
  save()
}
for (const cell of main) {
  if (!wanted('threads', cell.name)) continue
  progress(`threads: ${cell.name}`)
  const effort = options.quick ? { runs: 3, duration: 60, rows: 20_000 } : { runs: 7, duration: 120, rows: 200_000 }
  results.threads[cell.name] = await measureThreads(cell, effort)
  save()
}
for (const cell of cells.slice(0, 4)) {
  if (!wanted('turns', cell.name)) continue
  progress(`turns: ${cell.name}`)
  results.turns[cell.name] = await measureTurns(cell, { runs: options.quick ? 11 : 41, duration: 100 })
  save()
}
for (const cell of cells.slice(1, 4)) {
  if (!wanted('channels', cell.name)) continue
  progress(`channels: ${cell.name}`)
  results.channels[cell.name] = await measureChannels(cell, options.runs ?? (options.quick ? 201 : 1_001))
  save()
}
for (const [name, cell, effort] of copyPlan()) {
  if (!wanted('copies', name)) continue
  progress(`copies: ${name}`)
  results.copies[name] = await measureCopies(cell, effort)
  save()
}
for (const [cell, contestant] of [
  [main[1], 'ours'],
  [main[1], 'prepared'],
  [main[1], 'unprepared'],
  [main[2], 'ours'],
  [main[2], 'prepared'],
]) {
  if (!wanted('locks', cell.name)) continue
  progress(`locks: ${contestant}, ${cell.name}`)
  const sizes = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000].filter(
    (size) => size <= (contestant === 'unprepared' ? 10_000 : 1_000_000),
  )
  results.locks[`${contestant}/${cell.name}`] = await measureLocks(cell, contestant, sizes, {
    runs: 5,
    duration: options.quick ? 100 : 250,
  })
  save()
}
for (const cell of cells.slice(1, 4)) {
  if (!wanted('locks', cell.name)) continue
  progress(`locks: fresh names, ${cell.name}`)
  results.freshLocks[cell.name] = await measureFreshLocks(cell, options.quick ? 3 : 5)
  save()
}
for (const cell of options.quick ? [] : main) {
  for (const contestant of ['ours', 'prepared', 'unprepared']) {
    if (!wanted('memory', cell.name)) continue
    progress(`memory: ${contestant}, ${cell.name}`)
    results.memory[`${contestant}/${cell.name}`] = await measureMemory(cell, contestant, 1_000_000)
    save()
  }
}
for (const cell of cells.slice(0, 4)) {
  if (!wanted('start', cell.name)) continue
  progress(`start: ${cell.name}`)
  results.starts[cell.name] = await measureStart(cell, options.quick ? 5 : 15)
  save()
}
await measurePostgres({
  ...options,
  wanted,
  progress,
  save(found) {
    results.postgres = found
    save()
  },
})
if (wanted('packages')) {
  results.packages = packageSizes()
  save()
}
progress('')

printTables(await tablesOf(results))
console.log(`\n${Math.round((performance.now() - began) / 1000)} s`)
if (keep && all().mode === 'full') await writeReport(all())

/** Each engine with what is copied in a second or so, and one with a whole GiB. */
function copyPlan() {
  const each = options.quick ? { megabytes: 100, runs: 3 } : { megabytes: 250, runs: 5 }
  const plan = cells.slice(0, 4).map((cell) => [cell.name, cell, each])
  const [, cell] = cells
  return options.quick ? plan : [...plan, [`${cell.name}, 1 GiB`, cell, { megabytes: 1_074, runs: 3 }]]
}

/** The figures of an earlier run with those of this one in their place. */
function merged(earlier, later) {
  const parts = [
    'races',
    'rows',
    'sweeps',
    'turns',
    'channels',
    'copies',
    'standbys',
    'threads',
    'locks',
    'freshLocks',
    'memory',
    'starts',
    'packages',
    'postgres',
  ].map((part) => [part, { ...earlier[part], ...later[part] }])
  return {
    ...earlier,
    date: later.date,
    // As the page quotes them.
    command: [...new Set([...earlier.command.split(THEN), later.command])].join(THEN),
    machine: later.machine,
    versions: later.versions,
    ...Object.fromEntries(parts),
  }
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
  else if (text !== '') console.error(text)
}
