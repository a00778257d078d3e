// The recipe: everything that an app needs for /metrics.
import { instrument, type ObservedAdapter } from '@go-go-scope/persistence-otel'
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'

/** The metrics of a process for Prometheus: durations and errors of calls, cache hits, claims, locks, circuits, file size. */
export class Metrics {
  // The app's own server answers /metrics, so the exporter must not start one.
  readonly #exporter = new PrometheusExporter({ preventServerStart: true })
  readonly #serializer = new PrometheusSerializer()
  readonly #provider = new MeterProvider({ readers: [this.#exporter] })
  readonly #instrumentation: ReturnType<typeof instrument>

  constructor(adapters: readonly ObservedAdapter[]) {
    this.#instrumentation = instrument({ adapters, meterProvider: this.#provider, spans: false })
  }

  /** Returns the response body of `/metrics`, as text/plain. */
  async text(): Promise<string> {
    const { resourceMetrics } = await this.#exporter.collect()
    return this.#serializer.serialize(resourceMetrics)
  }

  /** Stops the metrics. Await it before the adapters are disconnected. */
  async stop(): Promise<void> {
    this.#instrumentation.stop()
    await this.#provider.shutdown()
  }
}
