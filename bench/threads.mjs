import { digits, short } from './names.mjs'
import { median, pairedRatio, quantile, ratios } from './statistics.mjs'

/** How many workers use one owner. */
export const WORKERS = [1, 2, 4]

/** What the owner's thread may spend on a get, as a part of what the direct adapter does. */
const CPU_OF_GET = { 'node:sqlite': 0.8, 'bun:sqlite': 0.85, sqlite3: 1.2 }

/** @param {object} results @returns {import('./tables.mjs').Table[]} */
export function threadTables({ threads = {} }) {
  const cells = Object.entries(threads)
  const ratio = (found, one, other) => (found[one] ? digits(pairedRatio(found[one], found[other])) : '')
  return [
    {
      title: 'Workers that use one owner',
      text: `Gets a second on a file, 100 in flight in each worker: one owner that serves threads; a handle for each; and workers of \`cluster\`
that send one query in a message by \`process.send\`, as people write it by hand. Loops of the lowest priority keep the cores
from sleeping, here and in the next table: to wake one takes a virtual machine as long as many gets. CPU is that of the owner's thread for a call
of one worker, ÷ the same call made in it, in memory; an echo is what that thread spends on words as long that it only sends
back.`,
      head: [
        'engine',
        'direct',
        ...WORKERS.map((workers) => `remote, ${workers}`),
        ...WORKERS.map((workers) => `own, ${workers}`),
        ...WORKERS.map((workers) => `hand-written, ${workers}`),
        'CPU of a get',
        'echo',
        'CPU of a set',
        'echo',
      ],
      rows: cells.map(([cell, { cpu, gets }]) => [
        cell,
        ...Object.keys(ordered(gets)).map((name) => short(median(gets[name]))),
        ...['get', 'set'].flatMap((call) => ['remote', 'echo'].map((way) => ratio(cpu[call], way, 'direct'))),
      ]),
    },
    {
      title: 'Gets of workers that use one owner, against direct ones',
      text: `The same gets of the owner's own thread and of workers in turns, each round one right after the other, when the rates no longer
rise: median of the ratios of rounds, and half of them in between. Cores: how many would have to work without a pause, by the
processor's time of all threads, for gets of so many workers to be as many as the direct ones of the same round; where the
machine has fewer, it has no more.`,
      head: ['engine', ...WORKERS.flatMap((workers) => [`${workers}`, 'half of them', 'cores'])],
      rows: cells.map(([cell, { pairs }]) => [
        cell,
        ...WORKERS.flatMap((workers) => {
          const { direct, remote, cpu } = pairs[workers]
          const found = ratios(remote, direct)
          const half = [0.25, 0.75].map((part) => digits(quantile(found, part))).join(' to ')
          return [digits(median(found)), half, digits(median(cpu.map((each, at) => (each * direct[at]) / 1e6)))]
        }),
      ]),
    },
    {
      title: 'Workers that write, lock and ask in messages',
      text: `Ratios to the other way. Hand-written: two workers that send so many queries in a message, against as many single gets under
way through the same channel. Durable sets: four threads, 100 in flight each, against a handle for each. Locks: four
processes against locks in the file; an echo is what is left of them where the owner sends words back and does nothing else.
Commits: in the log, for a durable write of four that have one under way each.`,
      head: [
        'engine',
        '÷ 1 query a message',
        '÷ 100',
        '÷ 1,000',
        'durable sets',
        'locks, one at a time',
        'echo',
        'locks, 100 in flight',
        'echo',
        'commits, ports',
        'commits, IPC',
      ],
      rows: cells.map(([cell, { queries, sets, locks, commits }]) => [
        cell,
        ...[1, 100, 1_000].map((size) => ratio(queries[size], 'ours', 'pattern')),
        ratio(sets, 'remote', 'own'),
        ...[1, 100].flatMap((inFlight) => ['remote', 'echo'].map((way) => ratio(locks[inFlight], way, 'in the file'))),
        ...[commits.port, commits.ipc].map((each) => digits(median(each))),
      ]),
    },
    {
      title: 'An engine in a thread of its own',
      text: `On a file, \`power\`. Timers are those of the app's thread, ms late, 99 of 100 of all rounds: with the engine in that thread → in one of its own
(→ with a reader), and in brackets what the work of that thread stands for, by the processor's time; else it waited for a core. Rates: ÷ the engine in the app's thread. Beside a scan: gets, one at a time, while all keys are listed
without a pause, ÷ the same without it.`,
      head: [
        'engine',
        'timers, gets',
        'timers, durable sets',
        'timers, keys listed',
        ...Object.keys(cells[0]?.[1].thread.rates ?? {}),
        'beside a scan, no reader',
        'beside a scan, a reader',
      ],
      rows: cells.map(
        ([
          cell,
          {
            thread: { rates, late, ownLate, scans },
          },
        ]) => [
          cell,
          ...[
            ['gets', 'here', 'thread'],
            ['sets', 'here', 'thread'],
            ['keys', 'here', 'thread', 'readers'],
          ].map(([load, ...places]) =>
            places.map((place) => lateness(late[load][place], ownLate[load][place])).join(' → '),
          ),
          ...Object.values(rates).map((found) => ratio(found, 'thread', 'here')),
          ratio(scans, 'beside a scan, no reader', 'alone'),
          ratio(scans, 'beside a scan', 'alone'),
        ],
      ),
    },
  ]
}

const lateness = (late, own) => `${digits(late)} (${digits(own)})`

/** As the head of the table has them. */
function ordered({ direct, ...others }) {
  const by = (kind) => WORKERS.map((workers) => [`${kind} ${workers}`, others[`${kind} ${workers}`]])
  return Object.fromEntries([['direct', direct], ...by('remote'), ...by('own'), ...by('pattern')])
}

export function threadTargets({ threads = {} }) {
  return Object.entries(threads).flatMap(([place, { rows, cpu, pairs, queries, sets, locks, commits, thread }]) => {
    const [engine] = place.split(',')
    const { late, scans } = thread
    const atLeast = (target, limit, reached) => ({
      target,
      place,
      must: `≥ ${limit}`,
      reached: digits(reached),
      met: reached >= limit,
    })
    const atMost = (target, limit, reached) => ({
      target,
      place,
      must: `≤ ${limit}`,
      reached: digits(reached),
      met: reached <= limit,
    })
    const ratio = (found, one, other) => pairedRatio(found[one], found[other])
    const ofDirect = (workers) => ratio(pairs[workers], 'remote', 'direct')
    return [
      atMost('owner: CPU of a get, against a direct one', CPU_OF_GET[engine], ratio(cpu.get, 'remote', 'direct')),
      atMost('owner: CPU of a set, against a direct one', 1, ratio(cpu.set, 'remote', 'direct')),
      atLeast('gets of 1 worker, against direct ones', 0.6, ofDirect(1)),
      atLeast('gets of 4 workers, against direct ones', 0.9, ofDirect(4)),
      ...[
        [1, 2.5],
        [100, 1],
        [1_000, 1.3],
      ].map(([size, limit]) =>
        atLeast(
          `gets of 2 workers, against ${size} hand-written in a message`,
          limit,
          ratio(queries[size], 'ours', 'pattern'),
        ),
      ),
      atLeast('durable sets of 4 workers, against own handles', 2, ratio(sets, 'remote', 'own')),
      atLeast('locks of 4 processes, against locks in the file', 15, ratio(locks[1], 'remote', 'in the file')),
      atLeast('the same, 100 in flight', 4, ratio(locks[100], 'remote', 'in the file')),
      atMost('commits of a lone durable write of 4 threads', 0.5, median(commits.port)),
      atMost('commits of a lone durable write of 4 processes', 0.6, median(commits.ipc)),
      atMost('engine in a thread: timers behind gets, ms late, 99 of 100', 10, late.gets.thread),
      atMost('engine in a thread: timers behind durable sets, ms late', 10, late.sets.thread),
      atMost(`engine in a thread: timers while ${short(rows)} keys are listed, ms late`, 20, late.keys.thread),
      atLeast('gets beside a scan in a reader, against gets alone', 0.3, ratio(scans, 'beside a scan', 'alone')),
    ]
  })
}
