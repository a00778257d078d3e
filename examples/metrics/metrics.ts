// The recipe: all that an app needs for /metrics.
import { instrument, type ObservedAdapter } from '@go-go-scope/persistence-otel'
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'

/** What Prometheus reads of a process: how long calls take and which fail, hits, claims, locks, circuits, the size of the file. */
export class Metrics {
  // It answers on the server of the app and starts none of its own.
  readonly #exporter = new PrometheusExporter({ preventServerStart: true })
  readonly #serializer = new PrometheusSerializer()
  readonly #provider = new MeterProvider({ readers: [this.#exporter] })
  readonly #instrumentation: ReturnType<typeof instrument>

  constructor(adapters: readonly ObservedAdapter[]) {
    this.#instrumentation = instrument({ adapters, meterProvider: this.#provider, spans: false })
  }

  /** What `/metrics` answers, as text/plain. */
  async text(): Promise<string> {
    const { resourceMetrics } = await this.#exporter.collect()
    return this.#serializer.serialize(resourceMetrics)
  }

  /** To be awaited before the adapters are disconnected. */
  async stop(): Promise<void> {
    this.#instrumentation.stop()
    await this.#provider.shutdown()
  }
}
