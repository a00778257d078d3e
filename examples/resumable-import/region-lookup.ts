import type { SqlCacheProvider } from '@go-go-scope/persistence-sqlite'
import type { Scope } from 'go-go-scope'
import type { RegionService } from './source/region-service.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const PAUSE_MS = 10

interface Parts {
  scope: Scope
  cache: SqlCacheProvider
  service: RegionService
  /** Called when the breaker opens. */
  onOpen(): void
}

/** Names of the regions of a country, by code. */
export type RegionLookup = (country: string) => Promise<Record<string, string>>

/**
 * The region service behind a cache and a circuit breaker. What was looked up before the process died is in the cache
 * of the next one, and a breaker that was open then is open now.
 */
export function regionLookup({ scope, cache, service, onOpen }: Parts): RegionLookup {
  const circuitBreaker = { key: 'region-service', failureThreshold: 3, resetTimeout: 50, onOpen }

  async function ask(country: string): Promise<Record<string, string>> {
    for (;;) {
      // Throws when the scope is cancelled, which ends the loop.
      const [error, regions] = await scope.task(() => service.regionsOf(country), { circuitBreaker })
      if (error === undefined) return regions
      await scope.delay(PAUSE_MS)
    }
  }

  return (country) => cache.getOrSet(`regions of ${country}`, () => ask(country), { ttl: DAY_MS })
}
