import {
  type Attributes,
  type BatchObservableResult,
  context,
  createContextKey,
  type Meter,
  type Observable,
} from '@opentelemetry/api'
import { databaseAttributes, NAMESPACE, POOL } from './attributes.js'

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
    description: 'Calls that were not sent yet.',
  })
  const held = gauge('go_go_scope.lock.held', '{lock}', 'Locks granted in this process.')
  const rows = gauge('go_go_scope.rows', '{row}', 'Rows of each store.')
  const circuits = gauge('go_go_scope.circuits', '{circuit}', 'Circuits of each state.')
  const clients = gauge('go_go_scope.clients', '{client}', 'Threads and processes that are served.')
  const file = gauge('go_go_scope.sqlite.file.size', 'By', 'Size of the file.')
  const log = gauge('go_go_scope.sqlite.wal.size', 'By', 'Size of the WAL.')

  const read = async (result: BatchObservableResult): Promise<void> => {
    // The SDK keeps only the last value for a metric with the same attributes. Adapters of one file have the same, and so have
    // files with the same name.
    const sums: Record<string, number> = {}
    const add = (metric: Observable, value: number | undefined, attributes: Attributes): void => {
      if (value === undefined) return
      const id = observables.indexOf(metric) + JSON.stringify(attributes)
      sums[id] = (sums[id] ?? 0) + value
      result.observe(metric, sums[id], attributes)
    }
    const seen = new Set<string>()
    const isNew = (part: string): boolean => seen.size < seen.add(part).size

    const observe = async (adapter: ObservedAdapter): Promise<void> => {
      const inspection = adapter.inspect()
      const [stats, states] = await Promise.all([adapter.stats(), countStates(inspection)])
      const { file: path, location = path ?? '' } = stats
      const attributes = databaseAttributes({ system: path === undefined ? 'postgresql' : 'sqlite', location })
      add(pending, stats.waiting, { ...attributes, [POOL]: attributes[NAMESPACE] ?? ':memory:' })
      add(clients, stats.clients?.length, attributes)
      if (isNew(`${location}\n${inspection.prefix}`)) {
        add(held, stats.locks, attributes)
        add(rows, stats.cache.size, { ...attributes, store: 'cache' })
        for (const state in states) add(circuits, states[state], { ...attributes, state })
      }
      if (!isNew(location)) return
      for (const store of ['circuits', 'checkpoints', 'idempotency'] as const)
        add(rows, stats[store], { ...attributes, store })
      add(file, stats.fileBytes, attributes)
      add(log, stats.walBytes, attributes)
    }
    // No spans, because each scrape would be a trace of its own.
    const silent = context.active().setValue(SUPPRESSED, true)
    const all = await context.with(silent, () => Promise.allSettled(adapters.map(observe)))
    for (const one of all) if (one.status === 'rejected') throw one.reason
  }
  const observables = [pending, held, rows, circuits, clients, file, log]
  meter.addBatchObservableCallback(read, observables)
  return () => meter.removeBatchObservableCallback(read, observables)
}

/** Returns the counts of all three states, so that a state without circuits is reported as 0. */
async function countStates(inspection: ReturnType<ObservedAdapter['inspect']>): Promise<Record<string, number>> {
  const counts: Record<string, number> = { closed: 0, open: 0, 'half-open': 0 }
  for await (const { state } of inspection.circuits()) if (state !== undefined) counts[state] = (counts[state] ?? 0) + 1
  return counts
}
