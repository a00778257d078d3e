// The recipe: all that an app needs for /metrics.
import { instrument } from '@go-go-scope/persistence-otel'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'

/**
 * The metrics of a process, for Prometheus.
 *
 * @param {import('@go-go-scope/persistence-otel').ObservedAdapter[]} adapters
 */
export function startMetrics(adapters) {
  // It answers on the server of the app and starts none of its own.
  const exporter = new PrometheusExporter({ preventServerStart: true })
  const meterProvider = new MeterProvider({ readers: [exporter] })
  const instrumentation = instrument({ adapters, meterProvider, spans: false })
  return {
    /** A handler of node:http, also for Express and Fastify. */
    handler: exporter.getMetricsRequestHandler.bind(exporter),
    /** To be awaited before the adapters are disconnected. */
    async stop() {
      instrumentation.stop()
      await meterProvider.shutdown()
    },
  }
}
