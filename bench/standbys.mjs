import { digits, round } from './names.mjs'
import { pairedRatio } from './statistics.mjs'

/** @param {object} results @returns {import('./tables.mjs').Table} */
export function standbyTable({ standbys = {} }) {
  const [{ log, increments, rows } = { log: {}, increments: {}, rows: 0 }] = Object.values(standbys)
  return {
    title: 'A standby in memory',
    text: `Beside a log: calls a second on a file with \`power\`, ÷ the same without a log. The rest on ${round(rows)} rows, in ms: from
commit to standby at a look each 5 ms, so many changed rows, everything copied anew with its integrity_check, a takeover in
a file and the quick_check in it. Sets in flight are 100 in one commit, so that what a set costs is SQLite's work on its row: a
trigger that adds a row to a log, and nothing else, takes a quarter of that by itself (decision 40).`,
    head: [
      'engine',
      ...Object.keys(log),
      'lag, half',
      'lag, 99 of 100',
      ...Object.keys(increments).map((changed) => `${round(Number(changed))} rows`),
      'all anew',
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
        target: `${name} beside a log: against none`,
        place,
        must: '≥ 0.8',
        reached: digits(ratio),
        met: ratio >= 0.8,
      }
    }),
    atMost('lag of a standby: ms, 99 of 100', place, lag.high, every + 30),
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
