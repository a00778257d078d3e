import { ManualClock, portConformance, referenceProviders } from '@go-go-scope/persistence-conformance'
import { describe, test } from 'vitest'

// The model that engines are compared with must itself hold what the ports promise.
portConformance(
  { describe, test: (name, body, timeoutMs) => test(name, () => body(), timeoutMs) },
  'reference',
  async () => {
    const clock = new ManualClock()
    return { providers: referenceProviders(clock), clock, dispose: async () => {} }
  },
)
