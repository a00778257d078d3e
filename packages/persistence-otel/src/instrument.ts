import {
  checkProvider,
  invalidOption,
  itemsOf,
  type OptionNames,
  readOptions,
} from '@go-go-scope/persistence-core/integration'
import { metrics as globalMetrics, type MeterProvider, type TracerProvider, trace } from '@opentelemetry/api'
import { type ObservedAdapter, observeAdapters } from './adapter-gauges.js'
import { callMetrics } from './call-metrics.js'
import { callSpans } from './call-spans.js'
import { eventMetrics } from './event-metrics.js'

/** What {@link instrument} reports, and where to. */
export interface InstrumentOptions {
  /**
   * Adapters whose `stats()` and circuits are read at each collection of metrics. `stats()` counts rows, so leave out a
   * database whose tables are too large for that. Default: none.
   */
  readonly adapters?: readonly ObservedAdapter[] | undefined
  /** Whether calls become spans. Default true. */
  readonly spans?: boolean | undefined
  /** Whether there are metrics. Default true. */
  readonly metrics?: boolean | undefined
  /** Default: the global one. */
  readonly tracerProvider?: TracerProvider | undefined
  /** Default: the global one, which must be set before. */
  readonly meterProvider?: MeterProvider | undefined
}

/** Ends with {@link Instrumentation.stop}, or with the block of `using`. */
export interface Instrumentation extends Disposable {
  /** Stops all spans and metrics. Calls in flight end their spans now. Idempotent. Closes no adapter and no provider. */
  stop(): void
}

const SCOPE = '@go-go-scope/persistence-otel'
const OPERATION = 'instrument'
const NAMES: OptionNames<InstrumentOptions> = {
  adapters: true,
  spans: true,
  metrics: true,
  tracerProvider: true,
  meterProvider: true,
}

/**
 * Makes spans and metrics for all adapters in this thread, by OpenTelemetry's conventions for databases. No attribute contains
 * a key or a value.
 *
 * @returns an object that stops it.
 * @throws PersistenceError `INVALID_ARGUMENT`, `INVALID_OPTION`.
 */
export function instrument(options: InstrumentOptions = {}): Instrumentation {
  const given = readOptions(options, NAMES, OPERATION)
  const { tracerProvider = trace, meterProvider = globalMetrics, spans = true, metrics = true } = given
  for (const [name, value] of Object.entries({ spans, metrics })) {
    if (typeof value !== 'boolean') throw invalidOption(name, value, 'true or false')
  }
  if (typeof tracerProvider?.getTracer !== 'function')
    throw invalidOption('tracerProvider', tracerProvider, 'a TracerProvider')
  if (typeof meterProvider?.getMeter !== 'function')
    throw invalidOption('meterProvider', meterProvider, 'a MeterProvider')
  const adapters = itemsOf(given.adapters ?? [], OPERATION, 'adapters')
  for (const adapter of adapters) checkProvider(adapter, ['stats', 'inspect'], 'in adapters the whole', OPERATION)
  const ends: (() => void)[] = []
  if (spans) ends.push(callSpans(tracerProvider.getTracer(SCOPE)))
  if (metrics) {
    const meter = meterProvider.getMeter(SCOPE)
    ends.push(callMetrics(meter), eventMetrics(meter))
    if (adapters.length > 0) ends.push(observeAdapters(meter, adapters))
  }
  const stop = (): void => {
    for (const end of ends.splice(0)) end()
  }
  return { stop, [Symbol.dispose]: stop }
}
