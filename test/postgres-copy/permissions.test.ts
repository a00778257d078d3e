import { readFile } from 'node:fs/promises'
import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { expect, test } from 'vitest'
import { serverUrl } from '../postgres/server/places.mjs'
import { answers, fillEveryKind } from './every-kind.js'
import { admin, newPlace, onServer } from './moved-store.js'

const PAGE = new URL('../../docs/postgres.md', import.meta.url)

test('a role with the rights of docs/postgres.md can do everything but create tables', async () => {
  const place = await newPlace()
  const role = `role_${place.schema}`
  await (await onServer(place)).disconnect()
  const [, grants = ''] = /```sql\n([\s\S]*?)```/.exec(await readFile(PAGE, 'utf8')) ?? []
  expect(grants).toContain('GRANT')
  await admin.query(`CREATE ROLE "${role}" LOGIN`)
  try {
    await admin.query(grants.replaceAll('go_goscope', place.schema).replaceAll('TO app', `TO "${role}"`))
    const url = new URL(serverUrl())
    url.username = role
    const app = await PostgresAdapter.open(url.href, { schema: place.schema, durability: 'process' })
    await fillEveryKind(app, 10)
    await answers(app)
    const lock = await app.acquire('lock', 60_000)
    if (lock !== null) await app.fenced(lock, [{ sql: 'SELECT 1' }])
    expect(await lock?.release()).toBe(true)
    await app.prune()
    expect((await app.verify()).faults).toEqual([])
    await app.disconnect()
    // Supabase and others turn it on for new tables, or advise to.
    await admin.query(`ALTER TABLE "${place.schema}".meta ENABLE ROW LEVEL SECURITY`)
    const hidden = PostgresAdapter.open(url.href, { schema: place.schema, durability: 'process' })
    await expect(hidden).rejects.toMatchObject({ code: 'SQL', message: expect.stringContaining('row level security') })
    const making = PostgresAdapter.open(url.href, { schema: `${place.schema}_other`, durability: 'process' })
    await expect(making).rejects.toMatchObject({ message: expect.stringMatching(/GRANT.*permission denied/) })
  } finally {
    await admin.query(`DROP OWNED BY "${role}"`)
    await admin.query(`DROP ROLE "${role}"`)
  }
})
