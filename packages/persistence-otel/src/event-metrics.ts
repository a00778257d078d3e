import {
  type CacheEvent,
  CHANNELS,
  type CircuitEvent,
  type ClaimEvent,
  type DiagnosticMessage,
  type LockEvent,
} from '@go-go-scope/persistence-core/integration'
import type { Meter } from '@opentelemetry/api'
import { databaseAttributes, operationAttribute } from './attributes.js'
import { subscribe } from './subscribe.js'

/** Counts events of caches, locks, circuits and claims, and the diagnostics. Returns a function that stops it. */
export function eventMetrics(meter: Meter): () => void {
  const counter = (name: string, unit: string, description: string) => meter.createCounter(name, { unit, description })
  const requests = counter('go_go_scope.cache.requests', '{request}', 'Keys read from a cache.')
  const acquisitions = counter('go_go_scope.lock.acquisitions', '{acquisition}', 'Calls for a lock.')
  const lost = counter('go_go_scope.lock.lost', '{lock}', 'Lost locks.')
  const waits = meter.createHistogram('go_go_scope.lock.wait.duration', {
    description: 'Duration of calls of hold that may wait.',
    unit: 's',
    advice: { explicitBucketBoundaries: [0.001, 0.01, 0.1, 0.5, 1, 5, 10, 30, 60] },
  })
  const transitions = counter('go_go_scope.circuit.transitions', '{transition}', 'Changed states of circuits.')
  const claims = counter('go_go_scope.claim.outcomes', '{claim}', 'Outcomes of claims.')
  const busy = counter('go_go_scope.busy.waits', '{wait}', 'Waits for another connection.')
  const diagnostics = counter('go_go_scope.diagnostics', '{event}', 'Other diagnostics.')

  return subscribe({
    [CHANNELS.cache]: ({ database, hits, misses }: CacheEvent) => {
      const attributes = databaseAttributes(database)
      if (hits > 0) requests.add(hits, { ...attributes, result: 'hit' })
      if (misses > 0) requests.add(misses, { ...attributes, result: 'miss' })
    },
    [CHANNELS.lock]: ({ database, kind, outcome, waited }: LockEvent) => {
      const attributes = { ...databaseAttributes(database), kind }
      // 0 before the first loss, because Prometheus sees no increase in a series that begins with 1.
      lost.add(outcome === 'lost' ? 1 : 0, attributes)
      if (outcome === 'lost') return
      acquisitions.add(1, { ...attributes, outcome })
      if (waited !== undefined) waits.record(waited / 1000, { ...attributes, outcome })
    },
    [CHANNELS.circuit]: ({ database, state, previous }: CircuitEvent) => {
      transitions.add(1, { ...databaseAttributes(database), ...(previous && { from: previous }), to: state })
    },
    [CHANNELS.claim]: ({ database, outcome }: ClaimEvent) => {
      claims.add(1, { ...databaseAttributes(database), outcome })
    },
    [CHANNELS.diagnostic]: ({ database, event }: DiagnosticMessage) => {
      const attributes = databaseAttributes(database)
      if (event.type === 'busy-retry') busy.add(1, { ...attributes, ...operationAttribute(event.operation) })
      else diagnostics.add(1, { ...attributes, type: event.type })
    },
  })
}
