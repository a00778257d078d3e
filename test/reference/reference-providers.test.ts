import { ManualClock, portConformance, referenceProviders } from '@go-go-scope/persistence-conformance'
import { describe, test } from 'vitest'

// Engines are compared with this model, so it must itself keep the promises of the ports.
portConformance(
  { describe, test: (name, body, timeoutMs) => test(name, () => body(), timeoutMs) },
  'reference',
  async () => {
    const clock = new ManualClock()
    return { providers: referenceProviders(clock), clock, dispose: async () => {} }
  },
)
