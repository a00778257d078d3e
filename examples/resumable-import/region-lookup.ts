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

/** Returns the names of a country's regions, by code. */
export type RegionLookup = (country: string) => Promise<Record<string, string>>

/**
 * The region service behind a cache and a circuit breaker. Both survive a crash: the next process has the cached regions,
 * and an open breaker is still open.
 */
export function regionLookup({ scope, cache, service, onOpen }: Parts): RegionLookup {
  const circuitBreaker = { key: 'region-service', failureThreshold: 3, resetTimeout: 50, onOpen }

  async function ask(country: string): Promise<Record<string, string>> {
    for (;;) {
      // Throws if the scope is aborted, which ends the loop.
      const [error, regions] = await scope.task(() => service.regionsOf(country), { circuitBreaker })
      if (error === undefined) return regions
      await scope.delay(PAUSE_MS)
    }
  }

  return (country) => cache.getOrSet(`regions of ${country}`, () => ask(country), { ttl: DAY_MS })
}
