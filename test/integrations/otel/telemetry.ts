import { type Instrumentation, type InstrumentOptions, instrument } from '@go-go-scope/persistence-otel'
import { type Context, context, type Span, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  type HistogramMetricData,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'

/** The values of one metric with their attributes; for a histogram, the counts. */
export type Points = readonly (readonly [attributes: Record<string, unknown>, value: number])[]

/** Keeps in memory what OpenTelemetry's SDK receives from adapters, until it is disposed. */
export class Telemetry implements AsyncDisposable {
  readonly #spans = new InMemorySpanExporter()
  readonly #exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  readonly #tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#spans)] })
  readonly #reader = new PeriodicExportingMetricReader({ exporter: this.#exporter, exportIntervalMillis: 1e9 })
  readonly #meterProvider = new MeterProvider({ readers: [this.#reader] })
  readonly #contexts = new AsyncLocalStorageContextManager().enable()
  readonly #instrumentation: Instrumentation

  constructor(options: InstrumentOptions = {}) {
    context.setGlobalContextManager(this.#contexts)
    const { tracerProvider, meterProvider } = {
      tracerProvider: this.#tracerProvider,
      meterProvider: this.#meterProvider,
    }
    this.#instrumentation = instrument({ tracerProvider, meterProvider, ...options })
  }

  /** The ended spans of the package. */
  get spans(): readonly ReadableSpan[] {
    return this.#spans.getFinishedSpans().filter(({ instrumentationScope }) => instrumentationScope.name !== 'app')
  }

  stop(): void {
    this.#instrumentation.stop()
  }

  /** Runs `body` inside a span of the app. */
  async below<Result>(name: string, body: () => Promise<Result>): Promise<{ span: Span; result: Result }> {
    const span = this.#tracerProvider.getTracer('app').startSpan(name)
    const active: Context = trace.setSpan(context.active(), span)
    const result = await context.with(active, body)
    span.end()
    return { span, result }
  }

  /** Collects the metrics and returns them by name. */
  async collect(): Promise<Map<string, Points>> {
    const { resourceMetrics, errors } = await this.#reader.collect()
    if (errors.length > 0) throw errors[0]
    const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
    return new Map(
      metrics.map(({ descriptor, dataPoints }) => [
        descriptor.name,
        (dataPoints as HistogramMetricData['dataPoints']).map(({ attributes, value }) => [
          attributes,
          typeof value === 'number' ? value : value.count,
        ]),
      ]),
    )
  }

  /** Returns everything that was exported, as text. */
  async text(): Promise<string> {
    const spans = this.#spans.getFinishedSpans().map(({ name, attributes, events, status, links, resource }) => {
      return { name, attributes, events, status, links, resource: resource.attributes }
    })
    const { resourceMetrics } = await this.#reader.collect()
    return JSON.stringify([spans, resourceMetrics.scopeMetrics])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop()
    context.disable()
    this.#contexts.disable()
    await this.#tracerProvider.shutdown()
    await this.#meterProvider.shutdown()
  }
}
