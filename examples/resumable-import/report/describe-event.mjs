import { relative } from 'node:path'
import { formatCount } from './format-count.mjs'
import { formatNumber } from './format-number.mjs'

const countryNames = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'code' })

/** @typedef {ReturnType<typeof import('../../../scripts/paint.mjs').createPaint>} Paint */

/**
 * The lines a person reads for an event.
 *
 * @param {Exclude<import('./event.mjs').Event, { type: 'progress' }>} event
 * @param {Paint} paint
 * @returns {string[]}
 */
export function describeEvent(event, paint) {
  switch (event.type) {
    case 'step':
      return ['', paint('bold', event.text)]
    case 'note':
      return [event.text]
    case 'started':
      return [
        `${formatNumber(event.cities)} cities into ${shortPath(event.file)}, with ${event.engine} on ${event.runtime}.`,
      ]
    case 'locked':
      return [paint('yellow', 'Another process is importing into this database. This one has changed nothing.')]
    case 'moved':
      return [
        `Moved to the server: ${formatCount(event.rows, 'stored row', 'stored rows')}, checkpoints among them, and ${formatNumber(event.cities)} cities.`,
      ]
    case 'resuming':
      return describeResuming(event)
    case 'hanging':
      return [
        `Stopped dead with ${formatNumber(event.done)} cities in the table and a checkpoint that says ${formatNumber(event.checkpoint)}.`,
      ]
    case 'killed':
      return [describeKill(event, paint)]
    case 'stopped':
      return [`Stopped. The last checkpoint is at ${formatNumber(event.done)} of ${formatNumber(event.total)} cities.`]
    case 'already-imported':
      return ['The import was completed by an earlier run; nothing is written again.']
    case 'imported':
      return describeImported(event)
    case 'summary':
      return describeSummary(event)
    case 'verified':
      return describeVerification(event, paint)
  }
}

/** @param {string} file an absolute path */
function shortPath(file) {
  if (file.startsWith('postgres:')) return file
  const path = relative('', file)
  return path.startsWith('..') ? file : path
}

/** @param {{ checkpoint: number, rows: number }} event */
function describeResuming({ checkpoint, rows }) {
  const place = `Resuming at the last checkpoint, ${formatNumber(checkpoint)}; the table has ${formatCount(rows, 'row', 'rows')}.`
  const ahead = rows - checkpoint
  if (ahead <= 0) return [place]
  return [place, `The ${formatNumber(ahead)} rows beyond it will be written again, over themselves.`]
}

/** @param {{ from: number, total: number, lookups: import('./event.mjs').Lookups }} event */
function describeImported({ from, total, lookups }) {
  const { calls, failures, opened, cached } = lookups
  return [
    `Imported ${formatNumber(total - from)} cities in this run.`,
    `Region look-ups: ${formatNumber(calls)} sent, of which ${formatNumber(failures)} failed and were repeated; ` +
      `the circuit breaker opened ${formatCount(opened, 'time', 'times')}; ${formatNumber(cached)} came from the cache.`,
  ]
}

/** @param {{ stored: boolean } & import('./event.mjs').Summary} event */
function describeSummary({ stored, cities, countries, regions, largest }) {
  const list = largest.map(({ country, cities }) => `${countryNames.of(country)} ${formatNumber(cities)}`).join(', ')
  return [
    '',
    `Summary, ${stored ? 'as an earlier run stored it' : 'computed now and stored under its idempotency key'}:`,
    `   ${formatNumber(cities)} cities in ${formatNumber(regions)} regions of ${formatCount(countries, 'country', 'countries')}; most in ${list}.`,
  ]
}

/**
 * @param {{ told?: number }} event
 * @param {Paint} paint
 */
function describeKill({ told }, paint) {
  const killed = paint('red', 'Killed with SIGKILL.')
  return told === undefined ? killed : `${killed} The last thing it reported was ${formatNumber(told)} cities.`
}

/**
 * @param {import('./event.mjs').Verification} event
 * @param {Paint} paint
 */
function describeVerification({ source, rows, missing, duplicates, unknown, hashes, exact }, paint) {
  const figures = /** @type {const} */ ([
    ['cities in the source', source],
    ['rows in the table', rows],
    ['missing', missing],
    ['duplicates', duplicates],
    ['not in the source', unknown],
  ])
  return [
    '',
    'Verified against the source, row by row:',
    ...figures.map(([name, figure]) => `   ${name.padEnd(22)}${formatNumber(figure).padStart(10)}`),
    `   ${'SHA-256 of the source'.padEnd(24)}${hashes.source}`,
    `   ${'SHA-256 of the table'.padEnd(24)}${hashes.table}`,
    '',
    exact
      ? paint('green', 'Every city was imported exactly once.')
      : `${paint('red', 'VERIFICATION FAILED')}: the table is not what the source says. To import again from the start, add --fresh.`,
  ]
}
