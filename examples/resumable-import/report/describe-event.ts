import { relative } from 'node:path'
import type { createPaint } from '../../../scripts/paint.mjs'
import type { Event, EventOf } from './event.ts'
import { formatCount } from './format-count.ts'
import { formatNumber } from './format-number.ts'

const countryNames = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'code' })

type Paint = ReturnType<typeof createPaint>

/** Returns the lines for people that describe an event. */
export function describeEvent(event: Exclude<Event, { type: 'progress' }>, paint: Paint): string[] {
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
        `It hangs with ${formatNumber(event.done)} cities in the table and its checkpoint at ${formatNumber(event.checkpoint)}.`,
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

/** @param file an absolute path */
function shortPath(file: string): string {
  if (file.startsWith('postgres:')) return file
  const path = relative('', file)
  return path.startsWith('..') ? file : path
}

function describeResuming({ checkpoint, rows }: EventOf<'resuming'>): string[] {
  const place = `Resuming at the last checkpoint, ${formatNumber(checkpoint)}; the table has ${formatCount(rows, 'row', 'rows')}.`
  const ahead = rows - checkpoint
  if (ahead <= 0) return [place]
  return [place, `The ${formatNumber(ahead)} rows beyond it will be written again, over themselves.`]
}

function describeImported({ from, total, lookups }: EventOf<'imported'>): string[] {
  const { calls, failures, opened, cached } = lookups
  return [
    `Imported ${formatNumber(total - from)} cities in this run.`,
    `Region lookups: ${formatNumber(calls)} sent, of which ${formatNumber(failures)} failed and were repeated; ` +
      `the circuit breaker opened ${formatCount(opened, 'time', 'times')}; ${formatNumber(cached)} came from the cache.`,
  ]
}

function describeSummary({ stored, cities, countries, regions, largest }: EventOf<'summary'>): string[] {
  const list = largest.map(({ country, cities }) => `${countryNames.of(country)} ${formatNumber(cities)}`).join(', ')
  return [
    '',
    `Summary, ${stored ? 'as an earlier run stored it' : 'computed now and stored under its idempotency key'}:`,
    `   ${formatNumber(cities)} cities in ${formatNumber(regions)} regions of ${formatCount(countries, 'country', 'countries')}; most in ${list}.`,
  ]
}

function describeKill({ reported }: EventOf<'killed'>, paint: Paint): string {
  const killed = paint('red', 'Killed with SIGKILL.')
  return reported === undefined ? killed : `${killed} Its last report was ${formatNumber(reported)} cities.`
}

function describeVerification(event: EventOf<'verified'>, paint: Paint): string[] {
  const { source, rows, missing, duplicates, unknown, hashes, exact } = event
  const figures = [
    ['cities in the source', source],
    ['rows in the table', rows],
    ['missing', missing],
    ['duplicates', duplicates],
    ['not in the source', unknown],
  ] as const
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
