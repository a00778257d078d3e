import { setTimeout as delay } from 'node:timers/promises'
import { loadRegions } from './regions.ts'

const LATENCY_MS = 1
const FAILURES_IN_100 = 30

/**
 * A stand-in for a remote service. It returns the regions of one country after a delay and sometimes fails. Which calls fail
 * depends only on the country and the number of calls for it, so every run has the same failures.
 */
export class RegionService {
  calls = 0
  failures = 0
  #regions: Map<string, Record<string, string>> | undefined
  readonly #attempts = new Map<string, number>()

  /**
   * @param country ISO code
   * @returns the names by code
   * @throws Error sometimes
   */
  async regionsOf(country: string): Promise<Record<string, string>> {
    this.calls++
    const attempt = (this.#attempts.get(country) ?? 0) + 1
    this.#attempts.set(country, attempt)
    await delay(LATENCY_MS)
    if (scatter(`${country} ${attempt}`) % 100 < FAILURES_IN_100) {
      this.failures++
      throw new Error(`the region service did not answer for ${country}`)
    }
    this.#regions ??= byCountry(await loadRegions())
    return this.#regions.get(country) ?? {}
  }
}

function byCountry(regions: Map<string, string>): Map<string, Record<string, string>> {
  const countries = new Map<string, Record<string, string>>()
  for (const [code, name] of regions) {
    const country = code.slice(0, 2)
    countries.set(country, { ...countries.get(country), [code]: name })
  }
  return countries
}

/** Returns a pseudo-random integer that is always the same for the same text (FNV-1a, then mixed). */
function scatter(text: string): number {
  let hash = 0x811c9dc5
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39)
  return (hash ^ (hash >>> 15)) >>> 0
}
