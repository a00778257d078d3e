import { readFile } from 'node:fs/promises'
import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import pg from 'pg'
import { expect, test } from 'vitest'
import { serverUrl } from '../postgres/server/places.mjs'
import { answers, fillEveryKind } from './every-kind.js'
import { admin, newPlace, onServer } from './moved-store.js'

const PAGE = new URL('../../docs/postgres.md', import.meta.url)

/** Returns the first SQL under a heading of docs/postgres.md. */
async function sqlUnder(heading: string): Promise<string> {
  const [, sql] =
    new RegExp(`${heading}\n[\\s\\S]*?\`\`\`sql\n([\\s\\S]*?)\`\`\``).exec(await readFile(PAGE, 'utf8')) ?? []
  if (sql === undefined) throw new Error(`there is no SQL under ${heading}`)
  return sql
}

test('a role with the rights of docs/postgres.md can do everything but create tables', async () => {
  const place = await newPlace()
  const role = `role_${place.schema}`
  await (await onServer(place)).disconnect()
  const grants = await sqlUnder('## Permissions')
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

test('a server that refuses to report its timeline and its locks has locks and claims once functions answer for it as docs/postgres.md says', async () => {
  const { schema } = await newPlace()
  const role = `role_${schema}`
  await admin.query(`CREATE ROLE "${role}" LOGIN`)
  // Rights on functions belong to a database.
  await admin.query(`CREATE DATABASE "${schema}" OWNER "${role}"`)
  const url = new URL(serverUrl())
  url.pathname = `/${schema}`
  const owner = new pg.Client(url.href)
  await owner.connect()
  try {
    await owner.query('REVOKE EXECUTE ON FUNCTION pg_walfile_name, pg_current_wal_lsn FROM PUBLIC')
    await owner.query('REVOKE SELECT ON pg_locks FROM PUBLIC')
    url.username = role
    const options = { schema, durability: 'process' } as const
    {
      await using app = await PostgresAdapter.open(url.href, options)
      await expect(app.acquire('lock', 60_000)).rejects.toMatchObject({ code: 'SQL' })
      await expect(app.idempotency.claim('pay', { lease: 60_000 })).rejects.toMatchObject({ code: 'SQL' })
    }
    await owner.query((await sqlUnder('## Which services')).replaceAll(/\bapp\b/g, `"${role}"`))
    await using app = await PostgresAdapter.open(url.href, options)
    const first = await app.acquire('lock', 60_000)
    await first?.release()
    expect((await app.acquire('lock', 60_000))?.token).toBeGreaterThan(first?.token ?? Number.NaN)
    expect((await app.idempotency.claim('pay', { lease: 60_000 })).state).toBe('claimed')
    expect((await app.verify()).faults).toEqual([])
    expect((await app.stats()).timeline).toBe(1)
  } finally {
    await owner.end()
    await admin.query(`DROP DATABASE "${schema}" WITH (FORCE)`)
    await admin.query(`DROP ROLE "${role}"`)
  }
})
