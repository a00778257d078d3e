import { deepStrictEqual } from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOSTILE_PREFIXES, hostileEntry } from '../proof/key-algebra/hostile-entry.js'
import { printedSeed } from '../proof/printed-seed.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'
import { engine } from './cell.js'
import { proveCell } from './prove-cell.js'
import './set-example-count.js'

proveCell()

type Adapter = Awaited<ReturnType<typeof engine.SQLiteAdapter.open>>

describe('keys, prefixes and values of any kind', () => {
  const folder = mkdtempSync(join(tmpdir(), 'key-algebra-'))
  const seed = printedSeed('key algebra') | 0
  const numRuns = proofCount({ inTests: 160 * Number(process.env.CONFORMANCE_RUNS), inSoak: 5_000 })
  const adapters: Adapter[] = []
  let refusals = 0

  beforeAll(async () => {
    const path = join(folder, 'app.db')
    for (const keyPrefix of HOSTILE_PREFIXES) {
      adapters.push(await engine.SQLiteAdapter.open(path, { keyPrefix, durability: 'process' }))
    }
  })
  afterAll(async () => {
    await Promise.all(adapters.map((adapter) => adapter.disconnect()))
    rmSync(folder, { recursive: true, force: true })
  })

  /** Stores what can be stored and returns it; everything else must be refused as `refusalOf` says. */
  async function store(adapter: Adapter, entries: readonly (readonly [key: string, value: unknown])[]) {
    const stored = new Map<string, unknown>()
    for (const [key, value] of entries) {
      const refusal = refusalOf(key, value)
      for (const write of [adapter.cache.set(key, value), adapter.idempotency.set(key, value)]) {
        if (refusal === undefined) await write
        else await expect(write).rejects.toMatchObject({ _tag: 'PersistenceError', code: refusal })
      }
      if (refusal === undefined) stored.set(key, value)
      else refusals++
    }
    return stored
  }

  async function holds(adapter: Adapter, stored: ReadonlyMap<string, unknown>, cleared: boolean): Promise<void> {
    const keys = [...stored.keys()]
    deepStrictEqual((await adapter.cache.keys()).toSorted(), cleared ? [] : keys.toSorted())
    for (const [key, value] of stored) {
      deepStrictEqual(await adapter.cache.get(key), cleared ? null : value)
      deepStrictEqual((await adapter.idempotency.get(key))?.value, value)
      // Only the literal start of a pattern; the conformance suite tests the rest.
      const start = key.slice(0, 3).replace(/[*%?].*/s, '')
      if (!start.isWellFormed() || cleared) continue
      const found = (await adapter.cache.keys(`${start}*`)).toSorted()
      deepStrictEqual(found, keys.filter((other) => other.startsWith(start)).toSorted())
    }
  }

  test('come back unchanged or are refused with a typed error, the same on every engine, and never collide', async () => {
    const prefix = fc.nat({ max: HOSTILE_PREFIXES.length - 1 })
    const entries = fc.array(hostileEntry, { maxLength: 6 })
    const example = fc
      .record({ one: prefix, two: prefix, first: entries, second: entries })
      .filter(({ one, two }) => one !== two)
    await fc.assert(
      fc.asyncProperty(example, async ({ one, two, first, second }) => {
        const [mine, other] = [adapters[one] as Adapter, adapters[two] as Adapter]
        const ours = await store(mine, first)
        const theirs = await store(other, second)
        await holds(mine, ours, false)
        await holds(other, theirs, false)
        await mine.cache.clear()
        await holds(mine, ours, true)
        await holds(other, theirs, false)
        await other.cache.clear()
      }),
      { numRuns, seed, endOnFailure: true },
    )
    deepStrictEqual(Object.keys(Object.prototype), [], 'nothing was merged into a prototype')
    expect(refusals).toBeGreaterThan(0)
    reportProof({
      proof: 'keys, prefixes and values of any kind: Unicode, NUL, surrogates, wildcards, prototypes, large integers',
      file: 'test/cells/key-algebra.test.ts',
      runs: `${numRuns} properties`,
      result: 'all come back as they were or are refused with a type; no two meet',
    })
  }, 600_000)
})

/** An independent statement of the rule: why any engine must refuse the pair, if it must. */
function refusalOf(key: string, value: unknown): string | undefined {
  if (key === '' || key.includes('\0') || !key.isWellFormed() || new TextEncoder().encode(key).length > 1_024) {
    return 'INVALID_KEY'
  }
  return typeof value === 'function' || typeof value === 'symbol' ? 'VALUE_NOT_SERIALIZABLE' : undefined
}
