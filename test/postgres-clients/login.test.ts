import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'

proveCell()

const onBun = 'Bun' in globalThis

test('a server without TLS is refused if TLS is required: by Bun.SQL at once; postgres takes it for a lost connection', async () => {
  const opening = PostgresAdapter.open(`${serverUrl()}?sslmode=require`, {
    driver: onBun ? 'bun' : 'postgres',
    // A retried connection attempt would wait an hour.
    busyTimeout: onBun ? 3_600_000 : 0,
  })
  await expect(opening).rejects.toMatchObject({ code: onBun ? 'CANNOT_OPEN' : 'UNAVAILABLE' })
})
