import { channelTable } from './channels.mjs'
import { digits, nameOf, percent, round, short, storageNames } from './names.mjs'
import { trialNames } from './plan.mjs'
import { postgresTables } from './postgres/tables.mjs'
import { standbyTable } from './standbys.mjs'
import { median, pairedRatio, spread } from './statistics.mjs'
import { targetTable } from './targets.mjs'
import { threadTables } from './threads.mjs'
import { trial as lockTrial } from './trials/lock.mjs'

/** @typedef {{ title: string, text?: string, head: string[], rows: string[][] }} Table */

const LIMITS = ['prepared', 'loader', 'json-each', 'unprepared']

/** Everything that was measured, the targets last. @returns {Promise<Table[]>} */
export async function tablesOf(results) {
  const trials = []
  for (const name of trialNames) trials.push(await trialTable(results, name))
  return [
    ...trials,
    rowsTable(results),
    sweepsTable(results),
    standbyTable(results),
    ...threadTables(results),
    turnsTable(results),
    channelTable(results),
    copiesTable(results),
    locksTable(results),
    freshLocksTable(results),
    memoryTable(results),
    startTable(results),
    packagesTable(results),
    ...postgresTables(results),
    targetTable(results),
  ].filter(({ rows }) => rows.length > 0)
}

async function trialTable(results, name) {
  const { trial } = name === 'lock' ? { trial: lockTrial } : await import(`./trials/${name}.mjs`)
  const rows = []
  for (const [id, levels] of Object.entries(results.races)) {
    const [trialName, ...place] = id.split('/')
    if (trialName !== name) continue
    const storage = place.pop()
    for (const [inFlight, rates] of Object.entries(levels)) {
      const ratio = (contestant) => (rates[contestant] ? digits(pairedRatio(rates.ours, rates[contestant])) : '')
      const peers = Object.keys(rates).filter((contestant) => contestant !== 'ours' && !LIMITS.includes(contestant))
      rows.push([
        place.join('/'),
        storageNames[storage],
        inFlight,
        short(median(rates.ours)),
        percent(spread(rates.ours)),
        ...LIMITS.map(ratio),
        peers.map((peer) => `${peer} ${ratio(peer)}`).join(', '),
      ])
    }
  }
  const head = [
    'engine',
    'where',
    'in flight',
    'ours, calls/s',
    'spread',
    '÷ prepared',
    '÷ loader',
    '÷ json_each',
    '÷ obvious',
    '÷ peers',
  ]
  return { title: trial.title, head, rows }
}

function rowsTable({ rows }) {
  const lines = Object.entries(rows).flatMap(([cell, operations]) =>
    Object.entries(operations).map(([operation, costs]) => {
      const figures = Object.values(costs)
      return [cell, operation, ...figures.map((cost) => digits(cost)), digits(figures.at(-1) / figures[0])]
    }),
  )
  const sizes = Object.keys(Object.values(Object.values(rows)[0] ?? {})[0] ?? {})
  return {
    title: 'Cost by number of rows: µs per call, by rows in the cache and checkpoint tables',
    text: 'On a file, `process` durability. `keys(prefix)` finds 100 rows, `clear()` removes 100, and `cleanup` removes 90 of 100 checkpoints.',
    head: ['engine', 'operation', ...sizes.map((size) => `${round(Number(size))} rows`), 'last ÷ first'],
    rows: lines,
  }
}

function sweepsTable({ sweeps = {} }) {
  return {
    title: 'Removing expired rows: latency of reads meanwhile, ms',
    text: 'On a file, `process` durability; sequential reads while `prune()` removes all rows.',
    head: ['engine', 'expired rows', '`prune()`, s', 'reads, p50', 'p99', 'maximum'],
    rows: Object.entries(sweeps).map(([cell, { size, seconds, middle, usual, longest }]) => [
      cell,
      round(size),
      ...[seconds, middle, usual, longest].map(digits),
    ]),
  }
}

function turnsTable({ turns = {} }) {
  return {
    title: 'Timers during 100 loops of awaited reads, in memory: delay, ms',
    text: 'Throughput kept: the ratio to the same adapter without its pauses for the event loop.',
    head: ['engine', 'p99', 'maximum', 'throughput kept'],
    rows: Object.entries(turns).map(([cell, { late, longest, kept }]) => [cell, ...[late, longest, kept].map(digits)]),
  }
}

function copiesTable({ copies = {} }) {
  return {
    title: 'Backups of a file in use',
    text: `Columns of copies are MB per second. "Ours" includes integrity_check, sha256 and the manifest; "its copy" ends when all
pages are copied and flushed. dd flushes its copy. .backup is that of the sqlite3 shell, which verifies nothing; it restarts after each
commit of another process, so it does not end during such writes. Delays are those of timers in the process that makes the
copy. Commits are those of another process that commits every millisecond. Runs during a backup, during dd and without either
are interleaved.`,
    head: [
      'engine',
      'MB',
      'ours',
      'its copy',
      'dd with fsync',
      '.backup',
      'ours during commits',
      'timer delay p99, ms: backup',
      'dd',
      'commit p99, ms: backup',
      'dd',
      'neither',
      'commit p50, ms: backup',
      'neither',
    ],
    rows: Object.entries(copies).map(
      ([cell, { megabytes, seconds, busy, late, lateBesideCopy, commits, halfOfCommits }]) => {
        const speed = (runs) => (runs === undefined ? '' : round(megabytes / median(runs)))
        // Older results lack the timers and the commits during dd, and the p50.
        const known = (ms) => (ms === undefined ? '' : digits(ms))
        const { ours, copied, copy, shell } = seconds
        const speeds = [ours, copied, copy, shell, busy].map(speed)
        const highest = [commits.beside, commits.besideCopy, commits.quiet]
        const halves = [halfOfCommits?.beside, halfOfCommits?.quiet]
        return [cell, round(megabytes), ...speeds, ...[late, lateBesideCopy, ...highest, ...halves].map(known)]
      },
    ),
  }
}

function locksTable({ locks }) {
  const sizes = [...new Set(Object.values(locks).flatMap(({ rates }) => Object.keys(rates)))]
  return {
    title: 'Cost by number of held locks: acquire + release per second',
    text: 'Bytes are heap memory per lock, with the handle that the holder keeps and without the name. The hand-written contestants are a Map; the obvious one sweeps it on every acquire.',
    head: ['contestant', 'runtime', ...sizes.map((size) => `${round(Number(size))} held`), 'bytes per lock'],
    rows: Object.entries(locks).map(([id, { rates, bytes }]) => {
      const [contestant, ...cell] = id.split('/')
      const runtime = cell.join('/').split(', ').at(-1)
      return [
        nameOf(contestant),
        runtime,
        ...sizes.map((size) => (rates[size] ? short(rates[size]) : '')),
        bytes.toFixed(0),
      ]
    }),
  }
}

function freshLocksTable({ freshLocks = {} }) {
  const grown = Object.entries(freshLocks).flatMap(([cell, contestants]) =>
    Object.entries(contestants).map(([contestant, rates]) => ({ cell, contestant, rates })),
  )
  const sizes = [...new Set(grown.flatMap(({ rates }) => Object.keys(rates)))]
  return {
    title: 'Locks of new names: acquires per second by number of held locks',
    text: 'Both acquire 200,000 names and release none, interleaved in one process. A bare Map gets slower too: each new name is a CPU cache miss.',
    head: ['contestant', 'engine', ...sizes.map((size) => `${round(Number(size))} held`), 'throughput kept'],
    rows: grown.map(({ cell, contestant, rates }) => [
      contestant,
      cell,
      ...sizes.map((size) => short(median(rates[size]))),
      digits(pairedRatio(rates[sizes.at(-1)], rates[sizes[0]])),
    ]),
  }
}

function memoryTable({ memory }) {
  return {
    title: 'Memory of a million cache operations, 100 in flight',
    head: ['contestant', 'engine', 'heap that stays, KiB', 'peak above the start, MiB'],
    rows: Object.entries(memory).map(([id, { heap, resident }]) => {
      const [contestant, ...cell] = id.split('/')
      return [nameOf(contestant), cell.join('/'), (heap / 1024).toFixed(0), (resident / 2 ** 20).toFixed(1)]
    }),
  }
}

function startTable({ starts }) {
  return {
    title: 'Start of a process, ms',
    text: 'Whole processes: doing nothing; with the engine imported and a database in memory; with our adapter opened on it and one `get`.',
    head: ['engine', 'nothing', 'engine', 'ours', 'ours adds'],
    rows: Object.entries(starts).map(([cell, { nothing, engine, ours }]) => [
      cell,
      ...[nothing, engine, ours, ours - engine].map((ms) => ms.toFixed(0)),
    ]),
  }
}

function packagesTable({ packages = {} }) {
  const kilobytes = (bytes) => (bytes / 1000).toFixed(1)
  return {
    title: 'Size of the packages, kB',
    head: ['package', 'packed', 'unpacked', 'files', 'depends on'],
    rows: Object.entries(packages).map(([name, { packed, unpacked, files, dependencies }]) => [
      `\`${name}\``,
      kilobytes(packed),
      kilobytes(unpacked),
      String(files),
      dependencies.map((dependency) => `\`${dependency}\``).join(', '),
    ]),
  }
}
