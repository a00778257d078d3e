import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { Claimants, type Round } from '../proof/claiming/claimed-work.js'
import { printedSeed } from '../proof/printed-seed.js'
import { newPlace } from '../proof/process/new-place.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'
import { seededRandom } from '../proof/seeded-random.mjs'

proveCell()

const LEASE_MS = 400
const LATEST_KILL_MS = 60

describe('processes that claim the same keys, Node and Bun mixed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'claiming-'))
  const random = seededRandom(printedSeed('killed claimants'))
  const workers = proofCount({ inTests: 4, inSoak: 6 })
  const wanted = proofCount({ inTests: 40, inSoak: 100 })
  let claimants: Claimants
  beforeAll(async () => {
    claimants = await Claimants.start(newPlace(folder, 'app'), workers)
  })
  afterAll(async () => {
    await claimants.end()
    rmSync(folder, { recursive: true, force: true })
  })

  function expectOneResult({ keys, seized, worked, errors, begun }: Round): void {
    expect(errors).toEqual([])
    expect(worked).toHaveLength(workers * wanted)
    expect(keys).toHaveLength(wanted)
    for (const key of keys) {
      const answers = worked.filter((one) => one.key === key)
      expect(new Set(answers.map(({ value }) => value)).size, `everybody has the same result of ${key}`).toBe(1)
      const runs = answers.flatMap(({ ran }) => (ran === undefined ? [] : [ran]))
      expect(runs.length, `of those that lived at most one did ${key}`).toBeLessThanOrEqual(1)
      expect(runs.every(({ recorded }) => recorded)).toBe(true)
      const lost = seized.find((one) => one.key === key)
      for (const { begun, generation } of lost === undefined ? [] : runs) {
        const end = Math.max(lost?.until ?? 0, Number(lost?.from) + LEASE_MS)
        expect(begun, 'not before the lease of the dead is over').toBeGreaterThanOrEqual(end)
        expect(generation).toBeGreaterThan(lost?.generation ?? 0)
      }
      // Work is done twice only if the first process to do it was killed meanwhile, so that no other process has its result.
      expect(begun.get(key), `${key} was done`).toBeGreaterThanOrEqual(1)
      expect(begun.get(key), `${key} was done`).toBeLessThanOrEqual(runs.length + 1)
    }
  }

  test('the work of a claimed key is done once, and all get its result', async () => {
    const rounds = proofCount({ inTests: 1, inSoak: 20 })
    for (let number = 0; number < rounds; number++) {
      const found = await claimants.round({ way: 'work', keys: wanted })
      expectOneResult(found)
      expect([...found.begun.values()], 'once').toEqual(found.keys.map(() => 1))
    }
    reportProof({
      proof: 'work under claimed keys, Node and Bun mixed',
      file: 'test/processes/claiming.test.ts',
      runs: `${rounds} rounds x ${workers} processes x ${wanted} keys`,
      result: `the work of ${rounds * wanted} of ${rounds * wanted} keys done once, one result for all`,
    })
  }, 600_000)

  test('a claimant that is killed frees its keys when its lease is over, and all get one result', async () => {
    const rounds = proofCount({ inTests: 1, inSoak: 20 })
    let [freed, again] = [0, 0]
    for (let number = 0; number < rounds; number++) {
      const found = await claimants.round({
        way: 'work',
        keys: wanted,
        kill: { lease: LEASE_MS, after: random() * LATEST_KILL_MS },
      })
      expectOneResult(found)
      expect(found.seized.length, 'keys were held by the dead').toBeGreaterThan(0)
      freed += found.seized.length
      again += [...found.begun.values()].filter((count) => count > 1).length
    }
    reportProof({
      proof: 'work under claimed keys, some claimants killed at it, Node and Bun mixed',
      file: 'test/processes/claiming.test.ts',
      runs: `${rounds} rounds x ${workers} processes x ${wanted} keys, ${rounds * 2} kills`,
      result: `one result for all, ${freed} keys of the dead free after their lease, ${again} begun by the dead done again`,
    })
  }, 600_000)

  test('without claims the work of a key is done several times, so this test sees it', async () => {
    const found = await claimants.round({ way: 'unclaimed', keys: wanted })
    expect(found.errors).toEqual([])
    const several = [...found.begun.values()].filter((count) => count > 1).length
    expect(several).toBeGreaterThan(0)
    reportProof({
      proof: 'work under keys that are looked up and then stored, without claims (control)',
      file: 'test/processes/claiming.test.ts',
      runs: `1 round x ${workers} processes x ${wanted} keys`,
      result: `the work of ${several} of ${wanted} keys done more than once, as there must be`,
    })
  }, 600_000)
})
