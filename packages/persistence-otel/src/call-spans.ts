import { type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import { BATCH_SIZE, callAttributes, ERROR, errorType, namespaceOf } from './attributes.js'
import { followCalls } from './follow-calls.js'

/**
 * A span for each call that somebody awaits, below the span of its caller: also where calls of several callers share a
 * statement, which each span then tells by the size of the batch.
 *
 * @returns ends it.
 */
export function callSpans(tracer: Tracer): () => void {
  return followCalls<Span>({
    began(call) {
      // It would be a part of the request that happened to bring it on.
      if (call.background) return undefined
      const namespace = namespaceOf(call.database)
      const name = namespace === undefined ? call.operation : `${call.operation} ${namespace}`
      return tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes: callAttributes(call) })
    },
    ended(call, span) {
      if (call.calls !== undefined && call.calls > 1) span.setAttribute(BATCH_SIZE, call.calls)
      if (call.error !== undefined) {
        span.setAttribute(ERROR, errorType(call.error))
        // Without the message, which may have keys.
        span.setStatus({ code: SpanStatusCode.ERROR })
      }
    },
    over: (_call, span) => span.end(),
  })
}
