import { InMemoryCheckpointProvider, InMemoryIdempotencyProvider } from 'go-go-scope'
import { hostOverProviders } from './over-providers.js'
import { MemoryCircuitProvider } from './support/memory-circuit-provider.js'
import { MemoryLockProvider } from './support/memory-lock-provider.js'

hostOverProviders('providers in memory', async () => {
  const lock = new MemoryLockProvider()
  const shared = {
    circuitBreaker: new MemoryCircuitProvider(),
    idempotency: new InMemoryIdempotencyProvider(),
    checkpoint: new InMemoryCheckpointProvider(),
  }
  return {
    providers: { ...shared, lock },
    second: { ...shared, lock: new MemoryLockProvider(lock.locks) },
    close: async () => {},
  }
})
