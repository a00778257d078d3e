import { type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import { BATCH_SIZE, callAttributes, ERROR, errorType, namespaceOf } from './attributes.js'
import { followCalls } from './follow-calls.js'

/**
 * Makes a span for each awaited call, as a child of its caller's span. That also holds if calls of several callers share a
 * statement. Each span then has the size of the batch.
 *
 * @returns a function that stops it.
 */
export function callSpans(tracer: Tracer): () => void {
  return followCalls<Span>({
    began(call) {
      // A background call would show up in whichever request happened to trigger it.
      if (call.background) return undefined
      const namespace = namespaceOf(call.database)
      const name = namespace === undefined ? call.operation : `${call.operation} ${namespace}`
      return tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes: callAttributes(call) })
    },
    ended(call, span) {
      if (call.calls !== undefined && call.calls > 1) span.setAttribute(BATCH_SIZE, call.calls)
      if (call.error !== undefined) {
        span.setAttribute(ERROR, errorType(call.error))
        // Without the message, which may contain keys.
        span.setStatus({ code: SpanStatusCode.ERROR })
      }
    },
    over: (_call, span) => span.end(),
  })
}
