import { readFile } from 'node:fs/promises'
import type { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { expect, test } from 'vitest'
import { admin, newPlace, onServer } from './moved-store.js'

const PAGE = new URL('../../docs/postgres.md', import.meta.url)
const PROMOTIONS = 5 * 2 ** 32

async function claimed(adapter: PostgresAdapter, key: string) {
  const claim = await adapter.idempotency.claim(key, { lease: 60_000 })
  if (claim.state !== 'claimed') throw new Error('the key is free')
  return claim
}

test('tokens and generations grow on a new cluster once their counters are raised as docs/postgres.md says', async () => {
  const place = await newPlace()
  const adapter = await onServer(place)
  const lock = await adapter.acquire('job', 60_000)
  await lock?.release()
  const claim = await claimed(adapter, 'paid')
  await claim.complete(1)
  // As on a cluster that was made from one with five promotions.
  await admin.query(`UPDATE "${place.schema}".locks SET token = token + ${PROMOTIONS};
    UPDATE "${place.schema}".idempotency SET generation = generation + ${PROMOTIONS}`)
  const earlier = Number(lock?.token) + PROMOTIONS
  expect((await adapter.verify()).faults).toMatchObject([
    { part: 'locks', problem: expect.stringContaining('counter') },
    { part: 'claims', problem: expect.stringContaining('counter') },
  ])

  const [, raise = ''] =
    /## Restores and upgrades[\s\S]*?```sql\n([\s\S]*?)```/.exec(await readFile(PAGE, 'utf8')) ?? []
  expect(raise).toContain('setval')
  await admin.query(raise.replaceAll('go_goscope', place.schema))
  expect((await adapter.verify()).faults).toEqual([])
  const next = await adapter.acquire('job', 60_000)
  expect(next?.token).toBeGreaterThan(earlier)
  expect((await claimed(adapter, 'pay')).generation).toBeGreaterThan(claim.generation + PROMOTIONS)
  // Exact, so that the token identifies the grant.
  expect(await next?.isValid()).toBe(true)
  expect((await adapter.acquire('other', 60_000))?.token).toBe(Number(next?.token) + 1)
})
