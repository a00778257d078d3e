const DAY_MS = 24 * 60 * 60 * 1000
const PAUSE_MS = 10

/**
 * The region service behind a cache and a circuit breaker. What was looked up before the process died is in the cache
 * of the next one, and a breaker that was open then is open now.
 *
 * @param {object} parts
 * @param {import('go-go-scope').Scope} parts.scope
 * @param {import('@go-go-scope/persistence-sqlite').SqlCacheProvider} parts.cache
 * @param {import('./source/region-service.mjs').RegionService} parts.service
 * @param {() => void} parts.onOpen called when the breaker opens
 */
export function regionLookup({ scope, cache, service, onOpen }) {
  const circuitBreaker = { key: 'region-service', failureThreshold: 3, resetTimeout: 50, onOpen }

  /** @param {string} country */
  async function ask(country) {
    for (;;) {
      // Throws when the scope is cancelled, which ends the loop.
      const [error, regions] = await scope.task(() => service.regionsOf(country), { circuitBreaker })
      if (error === undefined) return regions
      await scope.delay(PAUSE_MS)
    }
  }

  /** @param {string} country */
  return (country) => cache.getOrSet(`regions of ${country}`, () => ask(country), { ttl: DAY_MS })
}
