import { performance } from 'node:perf_hooks'
import type { Meter } from '@opentelemetry/api'
import { callAttributes, databaseAttributes } from './attributes.js'
import { followCalls } from './follow-calls.js'

// In seconds. From 0.001 on these are the conventions' boundaries. Calls inside the process are shorter.
const BOUNDARIES = [0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

/** Reports the duration of calls and the number of calls in flight. Returns a function that stops it. */
export function callMetrics(meter: Meter): () => void {
  const duration = meter.createHistogram('db.client.operation.duration', {
    description: 'Duration of calls.',
    unit: 's',
    advice: { explicitBucketBoundaries: BOUNDARIES },
  })
  const active = meter.createUpDownCounter('go_go_scope.calls.active', {
    description: 'Calls under way.',
    unit: '{call}',
  })
  return followCalls<number>({
    began(call) {
      active.add(1, databaseAttributes(call.database))
      return performance.now()
    },
    ended(call, at) {
      duration.record((performance.now() - at) / 1000, callAttributes(call))
    },
    over: ({ database }) => active.add(-1, databaseAttributes(database)),
  })
}
