import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { newNumbers } from '../../packages/shared/src/dialects/sqlite/schema/new-numbers.js'

const HOUR = 3_600_000
const NOW = Date.UTC(2026, 10, 25)
/** Computes the beginning as the statements do. */
const beginning = (known: number, now: number, random?: (limit: number) => number): number => {
  const { jump, clock, beyond } = newNumbers(now, random)
  return Math.max(known + jump, clock) + beyond
}
const least = () => 0
const most = (limit: number) => limit - 1

describe('the first numbers of a copy that becomes a database of its own', () => {
  test('are above all numbers of a copy that began earlier, even if those are unknown', () => {
    // A quarter of an hour at a million numbers per second, and the worst random draw.
    const given = beginning(7, NOW, most) + 900 * 1_000_000
    expect(beginning(7, NOW + 900_000, least)).toBeGreaterThan(given)
  })

  test('are far above the known numbers, also if the clock is behind or at its maximum', () => {
    for (const now of [0, Date.UTC(2024, 0), Date.UTC(2500, 0), Number.MAX_SAFE_INTEGER]) {
      let known = 7
      for (let takeover = 0; takeover < 10_000; takeover++) {
        const next = beginning(known, now, most)
        if (!Number.isSafeInteger(next) || next < known + 2 ** 32) expect.fail(`${next} after ${known}`)
        known = next + 1_000_000
      }
    }
  })

  test('are exact integers for a hundred years', () => {
    const until = Date.UTC(2125, 0)
    const property = fc.property(fc.integer({ min: NOW, max: until }), (now) => {
      const number = beginning(0, now)
      expect(Number.isSafeInteger(number + HOUR * 1_000)).toBe(true)
      expect(number).toBeGreaterThan(beginning(0, now - HOUR))
    })
    fc.assert(property, { numRuns: 200 })
  })

  test('differ for two copies that begin at the same moment', () => {
    expect(beginning(7, NOW, most) - beginning(7, NOW, least)).toBe(2 ** 30 - 1)
    const places = Array.from({ length: 10 }, () => beginning(7, NOW))
    expect(new Set(places).size).toBe(places.length)
  })
})
