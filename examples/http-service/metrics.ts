import { instrument } from '@go-go-scope/persistence-otel'
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import type { Persistence } from './database.ts'

/** What Prometheus reads: how long calls take and which fail, hits, claims, locks, circuits, the size of the file. */
export class Metrics {
  readonly #exporter = new PrometheusExporter({ preventServerStart: true })
  readonly #serializer = new PrometheusSerializer()
  readonly #provider = new MeterProvider({ readers: [this.#exporter] })
  readonly #instrumentation: ReturnType<typeof instrument>

  constructor(persistence: Persistence) {
    this.#instrumentation = instrument({ adapters: [persistence], meterProvider: this.#provider, spans: false })
  }

  async text(): Promise<string> {
    const { resourceMetrics } = await this.#exporter.collect()
    return this.#serializer.serialize(resourceMetrics)
  }

  async stop(): Promise<void> {
    this.#instrumentation.stop()
    await this.#provider.shutdown()
  }
}
