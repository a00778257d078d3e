import { digits, round, short } from './names.mjs'
import { median, pairedRatio, quantile, ratios } from './statistics.mjs'

/** How many workers use one owner. */
export const WORKERS = [1, 2, 4]

const OWNER_CPU = 'owner, all threads on one core: CPU time'
/** The CPU time that the owner's thread may spend on a get, relative to the direct adapter. */
const CPU_OF_GET = { 'node:sqlite': 0.8, 'bun:sqlite': 0.85, sqlite3: 1.2 }

/** @param {object} results @returns {import('./tables.mjs').Table[]} */
export function threadTables({ threads = {} }) {
  const cells = Object.entries(threads)
  const ratio = (found, one, other) => (found[one] ? digits(pairedRatio(found[one], found[other])) : '')
  return [
    {
      title: 'Workers that use one owner',
      text: `Gets/s on a file, 100 in flight in each worker. Remote: one owner that serves threads. Own: a handle per thread. Hand-written:
\`cluster\` workers that send one query per message by \`process.send\`. Here and in the next table, loops of the lowest priority keep
the cores awake: waking a core takes a virtual machine as long as many gets. CPU is the CPU time of the owner's thread for a call
of one worker, ÷ the same call made in that thread, in memory. An echo is the CPU time of that thread for sending back messages of
the same length. For the CPU time, all threads share one core, so it is the work of the owner without the wakes: on a virtual
machine, a message that wakes a thread on another core takes about 45 µs more of the sender's CPU time, and whether it does is
random.`,
      head: [
        'engine',
        'direct',
        ...WORKERS.map((workers) => `remote, ${workers}`),
        ...WORKERS.map((workers) => `own, ${workers}`),
        ...WORKERS.map((workers) => `hand-written, ${workers}`),
        'CPU of a get, one core',
        'echo',
        'CPU of a set, one core',
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
      text: `Gets of the owner's own thread and of workers, one right after the other in each round, once the rates no longer rise: the
median of the rounds' ratios, and the interquartile range. Cores: by the CPU time of all threads, how many cores would have to
work without a pause for the workers to reach the direct rate of the same round. A machine with fewer cores cannot reach it.`,
      head: ['engine', ...WORKERS.flatMap((workers) => [`${workers}`, 'quartiles', 'cores'])],
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
      title: 'Workers: hand-written messages, durable sets, locks and commits',
      text: `Ratios of the rate. ÷ queries: gets of two workers, as many in flight through the same channel, against two workers that send that
many queries in a hand-written message. Durable sets: four threads, 100 in flight each, against a handle per thread. Locks: four
processes, against locks in the file; an echo is the rate when the owner only sends messages back. Commits: commits in the WAL per
durable write, when each of four clients has one write in flight.`,
      head: [
        'engine',
        '÷ 1 query per message',
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
      text: `On a file, \`power\`. Timers: the p99 by which timers of the app's thread are late in all rounds, in ms, with the engine in that thread →
in its own thread (→ with a reader). In brackets is the part that the app's thread itself worked, by CPU time; for the rest it
waited for a core. Rates: ÷ the engine in the app's thread. Gets during a scan: one at a time, while all keys are listed
repeatedly, ÷ the same without a scan.`,
      head: [
        'engine',
        'timers, gets',
        'timers, durable sets',
        'timers, keys listed',
        ...Object.keys(cells[0]?.[1].thread.rates ?? {}),
        'gets during a scan, no reader',
        'gets during a scan, a reader',
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

/** In the order of the table's head. */
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
      atMost(`${OWNER_CPU} of a get, against a direct get`, CPU_OF_GET[engine], ratio(cpu.get, 'remote', 'direct')),
      atMost(`${OWNER_CPU} of a set, against a direct set`, 1, ratio(cpu.set, 'remote', 'direct')),
      atLeast('gets of 1 worker, against direct gets', 0.6, ofDirect(1)),
      atLeast('gets of 4 workers, against direct gets', 0.9, ofDirect(4)),
      ...[
        [1, 2.5],
        [100, 1],
        [1_000, 1.3],
      ].map(([size, limit]) =>
        atLeast(
          `gets of 2 workers, against ${round(size)} hand-written ${size === 1 ? 'query' : 'queries'} per message`,
          limit,
          ratio(queries[size], 'ours', 'pattern'),
        ),
      ),
      atLeast('durable sets of 4 workers, against separate handles', 2, ratio(sets, 'remote', 'own')),
      atLeast('locks of 4 processes, against locks in the file', 15, ratio(locks[1], 'remote', 'in the file')),
      atLeast('the same, 100 in flight', 4, ratio(locks[100], 'remote', 'in the file')),
      atMost('commits per lone durable write of 4 threads', 0.5, median(commits.port)),
      atMost('commits per lone durable write of 4 processes', 0.6, median(commits.ipc)),
      atMost('engine in a thread: p99 delay of timers during gets, ms', 10, late.gets.thread),
      atMost('engine in a thread: p99 delay of timers during durable sets, ms', 10, late.sets.thread),
      atMost(`engine in a thread: p99 delay of timers while ${short(rows)} keys are listed, ms`, 20, late.keys.thread),
      atLeast('gets during a scan in a reader, against gets alone', 0.3, ratio(scans, 'beside a scan', 'alone')),
    ]
  })
}
