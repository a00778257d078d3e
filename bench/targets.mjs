import { engineNames, engines } from '../scripts/engines.mjs'
import { channelTargets } from './channels.mjs'
import { digits, round, short } from './names.mjs'
import { cells } from './plan.mjs'
import { postgresTargets } from './postgres/tables.mjs'
import { standbyTargets } from './standbys.mjs'
import { growth, median, pairedRatio } from './statistics.mjs'
import { threadTargets } from './threads.mjs'

const LIMITS = ['ours', 'prepared', 'loader', 'json-each', 'unprepared']
const cellsOn = (engine) => cells.filter((cell) => cell.engine === engine).map(({ name }) => name)
const modulesOf = (synchronous) =>
  engineNames.filter((name) => engines[name].synchronous === synchronous).map((name) => engines[name].module)

/** The targets of this bench: each with the figure reached, and whether that is enough. @returns {import('./tables.mjs').Table} */
export function targetTable(results) {
  const rows = [
    ...modulesOf(false)
      .flatMap(cellsOn)
      .flatMap((cell) => asynchronousTargets(results, cell)),
    // The engines that are part of a runtime: no package's code runs between them and the adapter.
    ...engineNames
      .filter((name) => engines[name].npm === undefined)
      .flatMap((name) => cellsOn(engines[name].module))
      .flatMap((cell) => [
        ...atLeast(results, cell, 'cache-get', 1, 'prepared', 0.85),
        ...atLeast(results, cell, 'cache-set', 1, 'prepared', 0.85),
      ]),
    ...modulesOf(true)
      .flatMap(cellsOn)
      .flatMap((cell) =>
        ['cache-get', 'cache-set', 'record-failure', 'idempotency-get'].flatMap((trial) =>
          atLeast(results, cell, trial, 100, 'loader', 0.8),
        ),
      ),
    ...cells.flatMap(({ name }) => sharedCommits(results, name)),
    ...lockTargets(results),
    ...rowTargets(results),
    ...turnTargets(results),
    ...channelTargets(results),
    ...copyTargets(results),
    ...standbyTargets(results),
    ...threadTargets(results),
    ...peerTargets(results),
    ...postgresTargets(results),
  ]
  return {
    title: 'Targets',
    text: 'Ratios of calls/s unless a unit is named; medians of interleaved runs.',
    head: ['target', 'engine', 'must reach', 'reached', 'met'],
    rows: rows.map(({ target, place, must, reached, met }) => [target, place, must, reached, met ? 'yes' : '**no**']),
  }
}

function asynchronousTargets(results, cell) {
  const both = ['cache-get', 'cache-set']
  return [
    ...both.flatMap((trial) => [
      ...atLeast(results, cell, trial, 1, 'prepared', 0.85),
      ...atLeast(results, cell, trial, 1, 'unprepared', 2),
    ]),
    ...both.flatMap((trial) => [
      ...atLeast(results, cell, trial, 100, 'prepared', 5),
      ...atLeast(results, cell, trial, 100, 'json-each', 0.75),
    ]),
    ...['record-failure', 'checkpoint-save', 'idempotency-set'].flatMap((trial) =>
      atLeast(results, cell, trial, 100, 'prepared', 4),
    ),
  ]
}

const against = {
  prepared: 'the hand-written prepared statement',
  loader: 'the hand-written loader',
  'json-each': 'the hand-written json_each statement',
  unprepared: 'the obvious adapter',
}

function atLeast(results, cell, trial, inFlight, contestant, limit) {
  const rates = results.races[`${trial}/${cell}/memory`]?.[inFlight]
  if (!rates?.[contestant]) return []
  const ratio = pairedRatio(rates.ours, rates[contestant])
  const calls = inFlight === 1 ? 'sequential' : `${inFlight} in flight`
  return [
    {
      target: `${trial}, ${calls}: against ${against[contestant]}`,
      place: cell,
      must: `≥ ${limit}`,
      reached: digits(ratio) + limitOf(rates, contestant, inFlight),
      met: ratio >= limit,
    },
  ]
}

/** The ratio of a hand-written batch of rows, which has no caller per row: the engine's limit. */
function limitOf(rates, contestant, inFlight) {
  if (inFlight === 1 || !rates['json-each']) return ''
  if (contestant === 'prepared') return ` (json_each: ${digits(pairedRatio(rates['json-each'], rates.prepared))})`
  return contestant === 'loader' ? ` (json_each: ${digits(pairedRatio(rates.ours, rates['json-each']))})` : ''
}

function sharedCommits(results, cell) {
  return ['cache-set', 'record-failure', 'idempotency-set'].flatMap((trial) => {
    const rates = results.races[`${trial}/${cell}/power`]
    if (rates === undefined) return []
    const ratio = pairedRatio(rates[100].ours, rates[1].prepared)
    return [
      {
        target: `${trial} on a file, \`power\`, 100 in flight: against one awaited commit per write`,
        place: cell,
        must: '≥ 20',
        reached: digits(ratio),
        met: ratio >= 20,
      },
    ]
  })
}

function lockTargets(results) {
  const rates = cells
    .filter(({ runtime }) => runtime !== 'bun')
    .flatMap(({ name }) =>
      results.races[`lock/${name}/memory`] ? [[name, median(results.races[`lock/${name}/memory`][1].ours)]] : [],
    )
  const grown = Object.entries(results.locks).filter(([id]) => id.startsWith('ours/'))
  return [
    ...rates.map(([place, rate]) => ({
      target: 'lock acquire + release per second',
      place,
      must: '≥ 1 M',
      reached: short(rate),
      met: rate >= 1e6,
    })),
    ...grown.flatMap(([id, { rates: bySize, bytes }]) => {
      const place = id.split(', ').at(-1)
      const most = Math.max(...Object.keys(bySize).map(Number))
      const ratio = bySize[most] / bySize[1]
      return [
        {
          target: `lock acquire + release with ${round(most)} held: against 1 held`,
          place,
          must: '≥ 0.8',
          reached: digits(ratio),
          met: ratio >= 0.8,
        },
        { target: 'bytes per held lock', place, must: '≤ 250', reached: bytes.toFixed(0), met: bytes <= 250 },
      ]
    }),
    ...Object.entries(results.freshLocks ?? {}).map(([place, { ours, 'bare Map': map }]) => {
      const most = Math.max(...Object.keys(ours).map(Number))
      const kept = (rates) => rates[most].map((rate, run) => rate / rates[1][run])
      const ratio = pairedRatio(kept(ours), kept(map))
      return {
        target: `rate kept for new lock names with ${round(most)} held: against a bare Map`,
        place,
        must: '≥ 0.9',
        reached: digits(ratio),
        met: ratio >= 0.9,
      }
    }),
  ]
}

function rowTargets(results) {
  return Object.entries(results.rows).flatMap(([place, operations]) =>
    ['get', 'set', 'keys(prefix)', 'clear()', 'loadLatest', 'cleanup'].map((operation) => {
      const costs = operations[operation]
      const byHand = operations[`${operation} by hand`]
      return {
        target: `${operation} at ${round(Math.max(...Object.keys(costs).map(Number)))} rows: cost against 1 k rows`,
        place,
        must: '≤ 2',
        reached: digits(growth(costs)) + (byHand ? ` (hand-written: ${digits(growth(byHand))})` : ''),
        met: growth(costs) <= 2,
      }
    }),
  )
}

function turnTargets({ turns = {} }) {
  return Object.entries(turns).flatMap(([place, { late, kept }]) => [
    {
      target: 'p99 delay of timers during 100 loops of reads, ms',
      place,
      must: '≤ 15',
      reached: digits(late),
      met: late <= 15,
    },
    {
      target: 'rate kept although the event loop gets turns',
      place,
      must: '≥ 0.97',
      reached: digits(kept),
      met: kept >= 0.97,
    },
  ])
}

function copyTargets({ copies = {} }) {
  return Object.entries(copies).flatMap(([place, { seconds, busy, restarts, late, commits }]) => {
    const { ours, copied, copy, shell } = seconds
    const beside = median(busy) / median(ours)
    const slower = commits.beside / commits.quiet
    return [
      ratioTarget('a backup, verified, against dd with fsync', place, pairedRatio(copy, ours), 0.7),
      // Earlier results lack it.
      ...(copied
        ? [ratioTarget('the copy of it alone, against dd with fsync', place, pairedRatio(copy, copied), 0.7)]
        : []),
      ...(shell
        ? [
            ratioTarget(
              'a backup, verified, against .backup of the shell, which verifies nothing',
              place,
              pairedRatio(shell, ours),
              1.2,
            ),
          ]
        : []),
      ...(shell && copied
        ? [ratioTarget('the copy of it alone, against .backup of the shell', place, pairedRatio(shell, copied), 1.2)]
        : []),
      {
        target: 'time of a backup with a commit every ms, against no commits',
        place,
        must: '≤ 4, no restart',
        reached: `${digits(beside)}, ${restarts} restarts`,
        met: beside <= 4 && restarts === 0,
      },
      {
        target: 'p99 delay of timers during a backup, ms',
        place,
        must: '≤ 20',
        reached: digits(late),
        met: late <= 20,
      },
      {
        target: 'p99 of commits of another process during backups, against no backup',
        place,
        must: '≤ 2',
        reached: digits(slower),
        met: slower <= 2,
      },
    ]
  })
}

function ratioTarget(target, place, ratio, least) {
  return { target, place, must: `≥ ${least}`, reached: digits(ratio), met: ratio >= least }
}

/** Why a peer is ahead, from its schema. */
const REASONS = {
  langgraph: 'a lone write on a file: its table has one index, our published table has three',
}

/** A row per peer and engine: the worst of all trials. */
function peerTargets(results) {
  const worst = new Map()
  for (const [id, levels] of Object.entries(results.races)) {
    const [trial, ...place] = id.split('/')
    const storage = place.pop()
    for (const [inFlight, rates] of Object.entries(levels)) {
      for (const peer of Object.keys(rates).filter((name) => !LIMITS.includes(name))) {
        const ratio = pairedRatio(rates.ours, rates[peer])
        const key = `${peer}/${place.join('/')}`
        const found = worst.get(key) ?? { ratio: Number.POSITIVE_INFINITY, ahead: 0, races: 0 }
        found.races++
        if (ratio > 1) found.ahead++
        if (ratio < found.ratio) Object.assign(found, { ratio, where: `${trial}, ${storage}, ${inFlight} in flight` })
        worst.set(key, found)
      }
    }
  }
  return [...worst].map(([key, { ratio, where, ahead, races }]) => ({
    target: `ahead of ${key.split('/')[0]} in every trial (worst: ${where})`,
    place: key.split('/').slice(1).join('/'),
    must: '> 1',
    reached: `${digits(ratio)} (${ahead} of ${races} ahead)${ratio > 1 || !REASONS[key.split('/')[0]] ? '' : `; ${REASONS[key.split('/')[0]]}`}`,
    met: ratio > 1,
  }))
}
