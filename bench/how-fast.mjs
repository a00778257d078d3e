import { markdownTable } from '../scripts/markdown-table.mjs'
import { engines, lone, metTargets, sharedFlush } from './in-short.mjs'
import { digits } from './names.mjs'
import { growth, pairedRatio } from './statistics.mjs'

const asynchronous = engines[0]

/** The figures in the section "How fast" of README.md. */
export function howFast(results) {
  const { races, rows, locks } = results
  const together = (trial) => {
    const { ours, prepared } = races[`${trial}/${asynchronous}/memory`][100]
    return digits(pairedRatio(ours, prepared))
  }
  const shared = engines.map((engine) => sharedFlush(results, engine))
  const growths = (operation) => engines.map((engine) => growth(rows[engine][operation]))
  const grown = (operation) => range(growths(operation))
  const others = ['keys(prefix)', 'clear()', 'loadLatest', 'cleanup'].flatMap(growths)
  const held = Object.entries(locks).flatMap(([id, { rates }]) => (id.startsWith('ours/') ? [growth(rates)] : []))

  return `Calls per second in memory, each awaited before the next, and in brackets the ratio to a hand-written prepared statement:

${markdownTable(
  ['engine', '`get`', '`set`'],
  engines.map((engine) => [
    engine,
    ...['cache-get', 'cache-set'].map((trial) => lone(results, `${trial}/${engine}/memory`)),
  ]),
)}
Calls made together, and large data. A range covers the measured engines:

- 100 \`recordFailure\` calls in flight on \`sqlite3\`: ${together('record-failure')} times the rate of a hand-written prepared statement.
- 100 cache writes in flight on \`sqlite3\`: ${together('cache-set')} times the rate of a hand-written prepared statement.
- 100 durable cache writes in flight on a file: ${range(shared)} times the rate of one awaited commit per write.
- \`get\` with 1,000,000 rows: ${grown('get')} times its cost with 1,000 rows; hand-written, ${grown('get by hand')} times.
- \`set\` with 1,000,000 rows: ${grown('set')} times its cost with 1,000 rows; hand-written, ${grown('set by hand')} times.
- \`keys\`, \`clear\`, \`loadLatest\` and \`cleanup\` with 1,000,000 rows: at most ${digits(Math.max(...others))} times their cost with 1,000 rows.
- Acquire and release with 1,000,000 locks held in memory: ${range(held)} times the rate with one lock held.

${metTargets(results)} [targets](docs/performance.md#targets) were reached. The list shows the others too, and where a peer is faster.`
}

/** @param {number[]} ratios one for each engine */
const range = (ratios) => `${digits(Math.min(...ratios))} to ${digits(Math.max(...ratios))}`
