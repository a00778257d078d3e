import { type BatchObservableResult, context, createContextKey, type Meter, type Observable } from '@opentelemetry/api'
import { databaseAttributes, namespaceOf, POOL } from './attributes.js'
import { Totals } from './totals.js'

// The context key that suppresses spans in all parts of OpenTelemetry. The function for it is not in the API package.
const SUPPRESSED = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')

/** The part of an adapter's `stats()` that is shown. Sizes are bytes, absent if a database has none. */
export interface ObservedStats {
  readonly waiting: number
  readonly locks: number
  readonly circuits: number
  readonly checkpoints: number
  readonly idempotency: number
  readonly cache: { readonly size: number }
  readonly clients?: readonly unknown[]
  /** SQLite only. */
  readonly file?: string
  readonly fileBytes?: number
  readonly walBytes?: number
  /** Servers only. */
  readonly location?: string
}

/** The members of an adapter that are observed. */
export interface ObservedAdapter {
  stats(): Promise<ObservedStats>
  inspect(): { readonly prefix?: string | undefined; circuits(): AsyncIterable<{ readonly state?: string }> }
}

/**
 * Reports `stats()` and the number of circuits of the adapters' prefixes by state, read at each collection. A failing adapter is
 * left out of that collection, and the error goes to the SDK.
 *
 * @returns a function that stops the reports.
 */
export function observeAdapters(meter: Meter, adapters: readonly ObservedAdapter[]): () => void {
  const gauge = (name: string, unit: string, description: string): Observable =>
    meter.createObservableGauge(name, { unit, description })
  const pending = meter.createObservableUpDownCounter('db.client.connection.pending_requests', {
    unit: '{request}',
    description: 'Calls that have not been sent.',
  })
  const held = gauge('go_go_scope.lock.held', '{lock}', 'Locks that this process was granted and has not given back.')
  const rows = gauge('go_go_scope.rows', '{row}', 'Rows of each store.')
  const circuits = gauge('go_go_scope.circuits', '{circuit}', 'Circuits of each state.')
  const clients = gauge('go_go_scope.clients', '{client}', 'Threads and processes that the database is served to.')
  const file = gauge('go_go_scope.sqlite.file.size', 'By', 'Size of the database file.')
  const log = gauge('go_go_scope.sqlite.wal.size', 'By', 'Size of the write-ahead log.')

  const add = async (adapter: ObservedAdapter, totals: Totals): Promise<void> => {
    const inspection = adapter.inspect()
    const [stats, states] = await Promise.all([adapter.stats(), countStates(inspection)])
    const database = databaseOf(stats)
    const attributes = databaseAttributes(database)
    const [whole, ofPrefix] = [database.location, JSON.stringify([database.location, inspection.prefix])]
    totals.add(pending, stats.waiting, { ...attributes, [POOL]: namespaceOf(database) ?? ':memory:' }, whole)
    totals.add(held, stats.locks, attributes, ofPrefix)
    totals.add(rows, stats.cache.size, { ...attributes, store: 'cache' }, ofPrefix)
    for (const store of ['circuits', 'checkpoints', 'idempotency'] as const)
      totals.add(rows, stats[store], { ...attributes, store }, whole)
    for (const [state, count] of states) totals.add(circuits, count, { ...attributes, state }, ofPrefix)
    if (stats.clients !== undefined) totals.add(clients, stats.clients.length, attributes, whole)
    if (stats.fileBytes !== undefined) totals.add(file, stats.fileBytes, attributes, whole)
    if (stats.walBytes !== undefined) totals.add(log, stats.walBytes, attributes, whole)
  }
  const read = async (result: BatchObservableResult): Promise<void> => {
    // No spans, because each scrape would be a trace of its own.
    const silent = context.active().setValue(SUPPRESSED, true)
    const totals = new Totals()
    const all = await context.with(silent, () => Promise.allSettled(adapters.map((one) => add(one, totals))))
    totals.report(result)
    const failed = all.find((one) => one.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }
  const observables = [pending, held, rows, circuits, clients, file, log]
  meter.addBatchObservableCallback(read, observables)
  return () => meter.removeBatchObservableCallback(read, observables)
}

function databaseOf({ file, location = '' }: ObservedStats): { system: string; location: string } {
  return file === undefined ? { system: 'postgresql', location } : { system: 'sqlite', location: file }
}

/** Returns the counts of all three states, so that a state without circuits is reported as 0. */
async function countStates(inspection: ReturnType<ObservedAdapter['inspect']>): Promise<Map<string, number>> {
  const counts = new Map([
    ['closed', 0],
    ['open', 0],
    ['half-open', 0],
  ])
  for await (const { state } of inspection.circuits()) {
    if (state !== undefined) counts.set(state, (counts.get(state) ?? 0) + 1)
  }
  return counts
}
