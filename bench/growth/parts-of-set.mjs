import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheOnSyncEngine } from '../contestants/hand-written/on-sync-engine.mjs'
import { cacheStatements } from '../contestants/hand-written/statements.mjs'
import { tuning, UNSAFE } from '../engines/tuning.mjs'
import { median } from '../statistics.mjs'
import { workFolder } from '../work-folder.mjs'
import { VALUE } from './costs-by-rows.mjs'

/**
 * Measures the two costs of a `set` by a prepared statement on a file: its own work, which ends in the WAL, and its part of the
 * checkpoints, which run here between the samples. Argument: `{ engine, rows, pages, samples }`; only `engine`, a synchronous
 * one, is required. `pages` are the lengths of the WAL. Prints a line per length: µs of elapsed time and of CPU time.
 */
const {
  engine: engineName,
  rows = [1_000, 1_000_000],
  pages = [1_000, 16_000],
  samples = 5,
} = JSON.parse(process.argv[2])
const { engine } = await import(`../engines/${engineName}.mjs`)

const CHUNK = 1000
const rowKey = (index) => `row:${index.toString(36).padStart(6, '0')}`
const folder = mkdtempSync(join(workFolder(), 'parts-'))
process.once('exit', () => rmSync(folder, { recursive: true }))
let made = 0

for (const count of rows) {
  const database = await engine.open(join(folder, `${count}.db`))
  await fill(database, count)
  for (const pragma of [...tuning('process'), 'PRAGMA wal_autocheckpoint = 0']) await engine.exec(database, pragma)
  const cache = cacheOnSyncEngine((sql) => database.prepare(sql), cacheStatements('go_goscope_cache'))
  for (const length of pages) {
    const parts = { set: [], move: [] }
    for (let sample = 0; sample < samples; sample++) {
      parts.set.push(
        await timed(length, async () => {
          for (const end = made + length; made < end; made++) {
            await cache.set(`cache:${rowKey((made * 7919) % count)}`, { ...VALUE, score: made })
          }
        }),
      )
      parts.move.push(await timed(length, () => engine.exec(database, 'PRAGMA wal_checkpoint(PASSIVE)')))
    }
    const of = (measured) => {
      const [clock, processor] = [0, 1].map((at) => median(measured.map((sample) => sample[at])).toFixed(1))
      return `${clock} by the clock, ${processor} of the processor`
    }
    console.log(`${count} rows, log of ${length} pages: set ${of(parts.set)}; its part of the move ${of(parts.move)}`)
  }
  database.close()
}

async function fill(database, count) {
  await engine.exec(database, 'PRAGMA journal_mode = WAL')
  await engine.exec(database, UNSAFE)
  const adapter = new engine.Adapter(database, { closeOnDisconnect: false })
  await adapter.connect()
  for (let filled = 0; filled < count; filled += CHUNK) {
    await adapter.setMany(Array.from({ length: CHUNK }, (_, at) => [rowKey(filled + at), VALUE]))
  }
  await adapter.disconnect()
}

/** Returns µs per call, of elapsed time and of CPU time. */
async function timed(calls, work) {
  const before = process.cpuUsage()
  const began = performance.now()
  await work()
  const took = (performance.now() - began) * 1000
  const { user, system } = process.cpuUsage(before)
  return [took / calls, (user + system) / calls]
}
