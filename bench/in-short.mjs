import { markdownTable } from '../scripts/markdown-table.mjs'
import { digits, short } from './names.mjs'
import { cells } from './plan.mjs'
import { growth, median, pairedRatio } from './statistics.mjs'
import { targetTable } from './targets.mjs'

export const engines = cells.slice(0, 4).map(({ name }) => name)

/** The figures at the top of docs/performance.md: a row per engine, and how many targets were reached. */
export function inShort(results) {
  const rows = engines.map((engine) => [
    engine,
    lone(results, `cache-get/${engine}/memory`),
    lone(results, `cache-set/${engine}/memory`),
    lone(results, `cache-set/${engine}/power`),
    `${digits(sharedFlush(results, engine))} ×`,
    short(median(results.races[`lock/${engine}/memory`][1].ours)),
    `${grown(results.rows[engine], 'get')}, ${grown(results.rows[engine], 'set')}`,
  ])
  return `${markdownTable(
    [
      'engine',
      '`get` in memory',
      '`set` in memory',
      '`set`, flushed to the disk',
      '100 such `set`s at once',
      'lock and release',
      '`get`, `set` in 1 M rows',
    ],
    rows,
  )}
The first three columns are sequential calls per second, with the ratio to a hand-written prepared statement in brackets.
"100 such \`set\`s at once" is their throughput divided by that of one commit per write. "1 M rows" is the cost with 1,000,000
rows divided by that with 1,000, and in brackets the same for the hand-written statement.

**${metTargets(results)} [targets](#targets) were reached.** The others are in the list as \`no\`, with what was reached.`
}

/** Sequential calls per second, and the ratio to a prepared statement. */
export function lone({ races }, race) {
  const { ours, prepared } = races[race][1]
  return `${short(median(ours))} (${digits(pairedRatio(ours, prepared))})`
}

/** The throughput of 100 durable sets at once, divided by that of one commit per write. */
export function sharedFlush({ races }, engine) {
  const levels = races[`cache-set/${engine}/power`]
  return pairedRatio(levels[100].ours, levels[1].prepared)
}

/** How many targets were reached, of how many. */
export function metTargets(results) {
  const met = targetTable(results).rows.map((row) => row.at(-1) === 'yes')
  return `${met.filter(Boolean).length} of ${met.length}`
}

/** @param {Record<string, Record<string, number>>} operations costs by rows */
function grown(operations, operation) {
  const byHand = operations[`${operation} by hand`]
  return `${digits(growth(operations[operation]))} ×${byHand ? ` (${digits(growth(byHand))})` : ''}`
}
