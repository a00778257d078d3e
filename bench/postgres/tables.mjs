import { digits, percent, round, short } from '../names.mjs'
import { median, pairedRatio, quantile, spread } from '../statistics.mjs'
import { trials } from './trials.mjs'

const PLACE = 'pg, Node 24'
const OTHERS = {
  prepared: 'prepared',
  pool: 'a pool',
  loader: 'a loader',
  counter: 'one counter',
  keyv: '@keyv/postgres',
  langgraph: 'langgraph',
}

/** @param {object} results @returns {import('../tables.mjs').Table[]} */
export function postgresTables({ postgres = {} }) {
  return [racesTable(postgres), rowsTable(postgres), copyTable(postgres), startsTable(postgres)]
}

function racesTable({ server, races = {} }) {
  const rows = Object.entries(races).flatMap(([trial, levels]) =>
    Object.entries(levels).map(([inFlight, rates]) => [
      trials[trial].title,
      inFlight,
      short(median(rates.ours)),
      percent(spread(rates.ours)),
      ...Object.keys(OTHERS).map((name) => (rates[name] ? digits(pairedRatio(rates.ours, rates[name])) : '')),
    ]),
  )
  return {
    title: 'PostgreSQL',
    text: `Version ${server} on the same machine, over TCP; each commit is flushed. Prepared: hand-written statements on one client. A pool: the
same on \`pg.Pool\`, with 10 connections for the cache and 16 for locks and breakers. Peers have pools of 10. A loader: hand-written
statements for many calls each on one client, which is the limit of one connection. One counter: locks on 16 connections whose
tokens are counted in one row.`,
    head: ['operation', 'in flight', 'ours, calls/s', 'spread', ...Object.values(OTHERS).map((name) => `÷ ${name}`)],
    rows,
  }
}

function rowsTable({ rows = {} }) {
  const sizes = Object.keys(rows)
  const [first = {}, last = {}] = [rows[sizes[0]], rows[sizes.at(-1)]]
  return {
    title: 'PostgreSQL, cost by rows in the cache and the checkpoint table: µs per call',
    head: ['operation', ...sizes.map((size) => `${round(Number(size))} rows`), 'last ÷ first'],
    rows: Object.keys(first).map((operation) => [
      operation,
      ...[first[operation], last[operation], last[operation] / first[operation]].map(digits),
    ]),
  }
}

function copyTable({ copy: { rows = 0, rates = {} } = {} }) {
  return {
    title: `PostgreSQL, the command copy: rows per second, of ${round(rows)} rows`,
    text: `From a file to the server, and back. By hand: hand-written code reads all rows and only writes them, by COPY, by one statement per
1,000 rows, or in one transaction of the file. A row that is compared is read once more on both sides.`,
    head: ['what', 'rows/s', 'spread', '÷ by hand'],
    rows: Object.entries(rates).map(([what, values]) => {
      const other = COPY_BY_HAND[what]
      return [
        what,
        short(median(values)),
        percent(spread(values)),
        other === undefined ? '' : digits(pairedRatio(values, rates[other])),
      ]
    }),
  }
}

const BACK = 'back by hand'
/** The contestant that each part of the command is measured against. */
const COPY_BY_HAND = {
  copy: 'COPY',
  'copy, with its comparison': 'COPY',
  'copy back': BACK,
  'copy back, with its comparison': BACK,
}

function startsTable({ waiter, pglite }) {
  const line = (what, values) => [what, digits(median(values)), digits(quantile(values, 0.9))]
  return {
    title: 'PostgreSQL, waiting and starting',
    text: 'In ms, except the queries.',
    head: ['what', 'p50', 'p90'],
    rows: [
      ...(waiter === undefined
        ? []
        : [
            line('a waiter is notified of a completed claim', waiter.milliseconds),
            line('queries while it waits', waiter.queries),
          ]),
      ...(pglite === undefined
        ? []
        : [
            line('PGlite, cold', pglite.cold),
            line('PGlite, from a dumped folder with tables', pglite.template),
            line('PGlite, another schema of a running instance', pglite.schema),
          ]),
    ],
  }
}

const BY_HAND = ' by hand'

const RATIOS = [
  ['cache-get', 1, 'prepared', 0.85],
  ['cache-set', 1, 'prepared', 0.85],
  ['cache-get', 100, 'pool', 10],
  ['cache-get', 100, 'keyv', 20],
  ['cache-set', 100, 'pool', 6],
  ['cache-set', 100, 'keyv', 7],
  ['lock', 100, 'pool', 15],
  ['lock-apart', 16, 'counter', 2.5],
  ['record-failure', 100, 'pool', 20],
  ['checkpoint-save', 1, 'langgraph', 2.5],
  ['checkpoint-load-latest', 1, 'langgraph', 6],
]

/** @param {object} results */
export function postgresTargets({ postgres = {} }) {
  const { races = {}, rows = {}, copy, waiter, pglite } = postgres
  const sizes = Object.keys(rows)
  return [
    ...RATIOS.flatMap(([trial, inFlight, other, least]) => {
      const rates = races[trial]?.[inFlight]
      if (!rates?.[other]) return []
      const ratio = pairedRatio(rates.ours, rates[other])
      const calls = inFlight === 1 ? 'sequential' : `${inFlight} in flight`
      const limit = rates.loader && ` (a loader: ${digits(pairedRatio(rates.loader, rates[other]))})`
      const target = `${trial}, ${calls}: against ${OTHERS[other]}`
      return [{ ...judged(target, `≥ ${least}`, ratio, ratio >= least), reached: `${digits(ratio)}${limit ?? ''}` }]
    }),
    ...Object.keys(rows[sizes[0]] ?? {}).flatMap((operation) => {
      if (operation.endsWith(BY_HAND)) return []
      const growth = (name) => rows[sizes.at(-1)][name] / rows[sizes[0]][name]
      const ratio = growth(operation)
      const byHand = growth(operation + BY_HAND)
      const target = `${operation} at ${round(Number(sizes.at(-1)))} rows: cost against 1 k rows`
      const reached = digits(ratio) + (Number.isNaN(byHand) ? '' : ` (hand-written: ${digits(byHand)})`)
      return [{ ...judged(target, '≤ 2', ratio, ratio <= 2), reached }]
    }),
    ...(copy === undefined
      ? []
      : [
          atLeast(
            'copy to a server, rows per second: against COPY',
            pairedRatio(copy.rates.copy, copy.rates.COPY),
            0.3,
          ),
        ]),
    ...(waiter === undefined
      ? []
      : [
          atMost('p50 until a waiter is notified of a completed claim, ms', median(waiter.milliseconds), 5),
          atMost('p50 of the queries of a waiter', median(waiter.queries), 3),
        ]),
    ...(pglite === undefined
      ? []
      : [atMost('PGlite from a template: against a cold start', pairedRatio(pglite.template, pglite.cold), 0.35)]),
  ]
}

const judged = (target, must, reached, met) => ({ target, place: PLACE, must, reached: digits(reached), met })
const atLeast = (target, reached, least) => judged(target, `≥ ${least}`, reached, reached >= least)
const atMost = (target, reached, limit) => judged(target, `≤ ${limit}`, reached, reached <= limit)
