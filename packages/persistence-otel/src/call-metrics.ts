import { performance } from 'node:perf_hooks'
import { CHANNELS, type TracedCall } from '@go-go-scope/persistence-core/integration'
import type { Meter } from '@opentelemetry/api'
import { callAttributes, databaseAttributes } from './attributes.js'
import { subscribe } from './subscribe.js'

// Those of the conventions from 0.001 on; a call within the process is shorter.
const BOUNDARIES = [0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

/** How long calls take, and how many are under way. @returns ends it. */
export function callMetrics(meter: Meter): () => void {
  const duration = meter.createHistogram('db.client.operation.duration', {
    description: 'How long calls take, from the call to its answer.',
    unit: 's',
    advice: { explicitBucketBoundaries: BOUNDARIES },
  })
  const active = meter.createUpDownCounter('go_go_scope.calls.active', {
    description: 'Calls that wait or are under way.',
    unit: '{call}',
  })
  /** ms at which each call under way began. */
  const begun = new Map<TracedCall, number>()
  const end = subscribe({
    [`tracing:${CHANNELS.call}:start`]: (call: TracedCall) => {
      begun.set(call, performance.now())
      active.add(1, databaseAttributes(call.database))
    },
    [`tracing:${CHANNELS.call}:asyncEnd`]: (call: TracedCall) => {
      const at = begun.get(call)
      if (at === undefined) return
      begun.delete(call)
      duration.record((performance.now() - at) / 1000, callAttributes(call))
      active.add(-1, databaseAttributes(call.database))
    },
  })
  return () => {
    end()
    // Nobody hears of their ends any more: the counter of the meter would count them for ever.
    for (const { database } of begun.keys()) active.add(-1, databaseAttributes(database))
    begun.clear()
  }
}
