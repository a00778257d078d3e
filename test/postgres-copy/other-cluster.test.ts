import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { admin, newPlace, onServer } from './moved-store.js'

const PAGE = new URL('../../docs/postgres.md', import.meta.url)
const PROMOTIONS = 5 * 2 ** 32

test('tokens grow on a new cluster once its counter is raised as docs/postgres.md says', async () => {
  const place = await newPlace()
  const adapter = await onServer(place)
  const lock = await adapter.acquire('job', 60_000)
  await lock?.release()
  // As on a cluster that was made from one with five promotions.
  await admin.query(`UPDATE "${place.schema}".locks SET token = token + ${PROMOTIONS}`)
  const earlier = Number(lock?.token) + PROMOTIONS
  expect((await adapter.verify()).faults).toMatchObject([
    { part: 'locks', problem: expect.stringContaining('counter') },
  ])

  const [, raise = ''] =
    /## Restores and upgrades[\s\S]*?```sql\n([\s\S]*?)```/.exec(await readFile(PAGE, 'utf8')) ?? []
  expect(raise).toContain('setval')
  await admin.query(raise.replaceAll('go_goscope', place.schema))
  expect((await adapter.verify()).faults).toEqual([])
  const next = await adapter.acquire('job', 60_000)
  expect(next?.token).toBeGreaterThan(earlier)
  // Exact, so that the token identifies the grant.
  expect(await next?.isValid()).toBe(true)
  expect((await adapter.acquire('other', 60_000))?.token).toBe(Number(next?.token) + 1)
})
