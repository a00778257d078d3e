import { digits, round } from './names.mjs'
import { pairedRatio } from './statistics.mjs'

/** @param {object} results @returns {import('./tables.mjs').Table} */
export function standbyTable({ standbys = {} }) {
  const [{ log, increments, rows } = { log: {}, increments: {}, rows: 0 }] = Object.values(standbys)
  return {
    title: 'A standby in memory',
    text: `The columns of calls: calls/s on a file with \`power\` while a standby follows, ÷ the same without a standby. The standby does
not look meanwhile, because it would use another core: this is the cost of the log. The other columns on ${round(rows)} rows, in
ms: lag is the time from the commit to the standby, which looks every 5 ms; then rounds of that many changed rows; a full copy with
its integrity_check; a takeover in a file, and its quick_check. Sets in flight are 100 in one commit, so a set costs only SQLite's
work on its row: a trigger that only adds a row to a log takes a quarter of that by itself (decision 40).`,
    head: [
      'engine',
      ...Object.keys(log),
      'lag, p50',
      'lag, p99',
      ...Object.keys(increments).map((changed) => `${round(Number(changed))} rows`),
      'full copy',
      'takeover',
      'its check',
    ],
    rows: Object.entries(standbys).map(([cell, found]) => [
      cell,
      ...Object.values(found.log).map(ratioOf),
      ...[found.lag.middle, found.lag.high, ...Object.values(found.increments), found.copy, found.takeover].map(digits),
      found.check === undefined ? '' : digits(found.check),
    ]),
  }
}

const ratioOf = ({ logged, without }) => digits(pairedRatio(logged, without))

export function standbyTargets({ standbys = {} }) {
  return Object.entries(standbys).flatMap(([place, { log, every, lag, increments, copy, takeover }]) => [
    ...Object.entries(log).map(([name, { logged, without }]) => {
      const ratio = pairedRatio(logged, without)
      return {
        target: `${name} while a standby follows: against no standby`,
        place,
        must: '≥ 0.8',
        reached: digits(ratio),
        met: ratio >= 0.8,
      }
    }),
    atMost('p99 lag of a standby, ms', place, lag.high, every + 30),
    {
      target: '100 changed rows to a standby: against a full copy',
      place,
      must: '≥ 16',
      reached: digits(copy / increments[100]),
      met: copy / increments[100] >= 16,
    },
    atMost('takeover: ms', place, takeover, 100),
  ])
}

function atMost(target, place, reached, limit) {
  return { target, place, must: `≤ ${limit}`, reached: digits(reached), met: reached <= limit }
}
