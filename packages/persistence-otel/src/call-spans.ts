import { CHANNELS, type TracedCall } from '@go-go-scope/persistence-core/integration'
import { type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import { BATCH_SIZE, callAttributes, ERROR, errorType, namespaceOf } from './attributes.js'
import { subscribe } from './subscribe.js'

/**
 * A span for each call that somebody awaits, below the span of its caller: also where calls of several callers share a
 * statement, which each span then tells by the size of the batch.
 *
 * @returns ends it.
 */
export function callSpans(tracer: Tracer): () => void {
  const spans = new WeakMap<TracedCall, Span>()
  return subscribe({
    [`tracing:${CHANNELS.call}:start`]: (call: TracedCall) => {
      // It would be a part of the request that happened to bring it on.
      if (call.background) return
      const namespace = namespaceOf(call.database)
      const name = namespace === undefined ? call.operation : `${call.operation} ${namespace}`
      spans.set(call, tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes: callAttributes(call) }))
    },
    [`tracing:${CHANNELS.call}:asyncEnd`]: (call: TracedCall) => {
      const span = spans.get(call)
      if (span === undefined) return
      if (call.calls !== undefined && call.calls > 1) span.setAttribute(BATCH_SIZE, call.calls)
      if (call.error !== undefined) {
        span.setAttribute(ERROR, errorType(call.error))
        // Without the message, which may have keys.
        span.setStatus({ code: SpanStatusCode.ERROR })
      }
      span.end()
    },
  })
}
