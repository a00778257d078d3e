// The recipe: all that an app needs for /metrics.
import type { RequestListener } from 'node:http'
import { instrument, type ObservedAdapter } from '@go-go-scope/persistence-otel'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'

export interface Metrics {
  /** A handler of node:http, also for Express and Fastify. */
  readonly handler: RequestListener
  /** To be awaited before the adapters are disconnected. */
  stop(): Promise<void>
}

/** The metrics of a process, for Prometheus. */
export function startMetrics(adapters: readonly ObservedAdapter[]): Metrics {
  // It answers on the server of the app and starts none of its own.
  const exporter = new PrometheusExporter({ preventServerStart: true })
  const meterProvider = new MeterProvider({ readers: [exporter] })
  const instrumentation = instrument({ adapters, meterProvider, spans: false })
  return {
    handler: (request, response) => exporter.getMetricsRequestHandler(request, response),
    async stop() {
      instrumentation.stop()
      await meterProvider.shutdown()
    },
  }
}
