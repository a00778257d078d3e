import '../scripts/end-with-reader.mjs'
import { installPeers } from './install-peers.mjs'
import { measurements } from './measurements.mjs'
import { readOptions } from './options.mjs'
import { packageSizes } from './package-sizes.mjs'
import { measurePostgres } from './postgres/measure-postgres.mjs'
import { printTables } from './print.mjs'
import { writeReport } from './report.mjs'
import { enter, mergeResults, newResults, readResults, writeResults } from './results.mjs'
import { tablesOf } from './tables.mjs'

/** The parts that take seconds. The others take minutes even in short runs: `--quick` measures them only if `--filter` matches. */
const BRIEF = ['races', 'turns', 'starts', 'packages']

const options = readOptions()
const everything = options.filter.length === 0
const wanted = (part, words) =>
  everything ? !options.quick || BRIEF.includes(part) : options.filter.some((text) => words.join(' ').includes(text))

if (options.peers) await installPeers()
const results = newResults(options)
const earlier = options.update ? (readResults('full') ?? results) : results
const all = () => (options.update ? mergeResults(earlier, results) : results)
const keep = everything || options.update
const began = performance.now()

for (const { part, name, words, measure } of measurements(options)) {
  if (!wanted(part, words)) continue
  progress(words)
  save(part, { ...results[part], [name]: await measure() })
}
await measurePostgres({
  ...options,
  wanted: (...words) => wanted('postgres', words),
  progress,
  save: (found) => save('postgres', found),
})
if (wanted('packages', ['packages'])) save('packages', packageSizes())
if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')

printTables(await tablesOf(results))
console.log(`\n${Math.round((performance.now() - began) / 1000)} s`)
// Reads the file back, whose figures are rounded: a test compares the page with it.
if (keep && all().mode === 'full') await writeReport(readResults('full'))

/** Saves after each measurement, so that an interrupted run loses nothing that it measured. */
function save(part, found) {
  enter(results, part, found)
  if (keep) writeResults(all())
}

/** @param {string[]} words */
function progress([what, ...where]) {
  const text = `${what}: ${where.join(', ')}`
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
  else console.error(text)
}
