import { existsSync } from 'node:fs'
import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { copyDatabase, unsealDatabase } from '@go-go-scope/persistence-postgres/copy'
import { expect, onTestFinished, test, vi } from 'vitest'
import { serverUrl } from '../postgres/server/places.mjs'
import { startProxy } from '../postgres-hazards/proxy.mjs'
import { admin, newPlace, onFile, onServer, type Place, toFile, toServer } from './moved-store.js'

const isThere = async (schema: string): Promise<boolean> =>
  (await admin.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema])).rows.length > 0

test('a store that was moved refuses every adapter, also open ones, and names its new location', async () => {
  const place = await newPlace()
  const user = await onFile(place.file)
  await user.cache.set('k', 1)
  await toServer(place)
  const moved = { code: 'MOVED', message: expect.stringContaining(`/postgres (schema ${place.schema})`) }
  for (const write of [
    () => user.cache.set('k', 2),
    () => user.cache.delete('k'),
    () => user.acquire('lock', 1_000),
    () => user.idempotency.claim('key', { lease: 1_000 }),
    () => user.recordFailure('api', 3),
    () => user.checkpoint.save({ id: 'c', taskId: 't', sequence: 1, timestamp: 1, progress: 0, data: 1 }),
  ]) {
    await expect(write()).rejects.toMatchObject(moved)
  }
  await expect(onFile(place.file)).rejects.toMatchObject(moved)

  const server = await onServer(place)
  await toFile(place, `${place.file}.back`)
  const left = { code: 'MOVED', message: expect.stringContaining(`${place.file}.back`) }
  for (const write of [
    () => server.cache.set('k', 2),
    () => server.cache.delete('k'),
    () => server.acquire('lock', 1_000),
    () => server.idempotency.claim('key', { lease: 1_000 }),
    () => server.recordFailure('api', 3),
  ]) {
    await expect(write()).rejects.toMatchObject(left)
  }
  await expect(onServer(place)).rejects.toMatchObject(left)
})

/** Makes a role, which is removed when the test ends. Returns its quoted name, and the server's URL for it. */
async function newRole({ schema }: Place, attributes = ''): Promise<{ role: string; url: string }> {
  const url = new URL(serverUrl())
  url.username = `role_${schema}`
  const role = `"${url.username}"`
  await admin.query(`CREATE ROLE ${role} LOGIN ${attributes}`)
  onTestFinished(async () => {
    await admin.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  })
  return { role, url: url.href }
}

test('settings of a role do not change how a store that was moved refuses it', async () => {
  const place = await newPlace()
  await (await onServer(place)).disconnect()
  const { role, url } = await newRole(place, 'SUPERUSER')
  // The first one skips usual triggers, the second one changes texts with backslashes.
  for (const setting of ['session_replication_role = replica', 'standard_conforming_strings = off'])
    await admin.query(`ALTER ROLE ${role} SET ${setting}`)
  await using user = await PostgresAdapter.open(url, { schema: place.schema, durability: 'process' })
  await user.cache.set('k', 1)
  const file = `${place.file}.o'hara\\x$mov$moved$ed$`
  await toFile(place, file)
  await expect(user.cache.set('k', 2)).rejects.toMatchObject({ code: 'MOVED', message: expect.stringContaining(file) })
})

test('a role that has rights on the tables alone is told where they moved, or what fills them', async () => {
  const place = await newPlace()
  const schema = `"${place.schema}"`
  await (await onServer(place)).disconnect()
  const { role, url } = await newRole(place)
  await admin.query(`GRANT USAGE ON SCHEMA ${schema} TO ${role}`)
  await admin.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`)
  const opening = () => PostgresAdapter.open(url, { schema: place.schema, durability: 'process' })
  await (await opening()).disconnect()
  const file = `${place.file}.back`
  await toFile(place, file)
  await expect(opening()).rejects.toMatchObject({ code: 'MOVED', message: expect.stringContaining(file) })
  await unsealDatabase(serverUrl(), { schema: place.schema })
  await (await opening()).disconnect()

  await (await onFile(place.file)).cache.set('k', 1)
  const progress = (): void => {
    throw new Error('ended')
  }
  await expect(toServer(place, { progress })).rejects.toThrow('ended')
  await expect(opening()).rejects.toMatchObject({ code: 'MOVED', message: expect.stringContaining(place.file) })
})

test('an unsealed store works as before', async () => {
  const place = await newPlace()
  const user = await onFile(place.file)
  await user.cache.set('k', 1)
  await toServer(place)
  await unsealDatabase(place.file)
  await user.cache.set('k', 2)
  expect(await (await onFile(place.file)).cache.get('k')).toBe(2)
  await toFile(place, `${place.file}.back`)
  await unsealDatabase(serverUrl(), { schema: place.schema })
  await (await onServer(place)).cache.set('k', 3)
})

test('a copy that is refused because of held locks or claims creates no target', async () => {
  const place = await newPlace()
  const user = await onFile(place.file)
  const lock = await user.acquire('nightly', 60_000)
  await expect(toServer(place)).rejects.toMatchObject({ code: 'BUSY' })
  expect(await isThere(place.schema)).toBe(false)
  await lock?.release()
  await toServer(place)
  const server = await onServer(place)
  await server.acquire('nightly', 60_000)
  await expect(toFile(place, `${place.file}.back`)).rejects.toMatchObject({ code: 'BUSY' })
  expect(existsSync(`${place.file}.back`)).toBe(false)
})

test('a copy is refused while locks or claims are held, or waits for their end', async () => {
  const place = await newPlace()
  const user = await onFile(place.file)
  const lock = await user.acquire('nightly', 60_000)
  const claim = await user.idempotency.claim('order', { lease: 60_000 })
  await expect(toServer(place)).rejects.toMatchObject({
    code: 'BUSY',
    message: expect.stringContaining('lock /shop:/nightly'),
  })
  // The time is counted from the first look at what is held, so connecting to the target takes none of it.
  const waiting = vi.fn()
  await expect(toServer(place, { wait: 1, waiting })).rejects.toMatchObject({ code: 'BUSY' })
  expect(waiting).toHaveBeenCalledOnce()
  let copying: Promise<unknown> = Promise.resolve()
  const heard = await new Promise((resolve, reject) => {
    copying = toServer(place, { wait: 60_000, waiting: resolve })
    copying.catch(reject)
  })
  expect(heard).toEqual(['lock /shop:/nightly', 'claim shop:order'])
  expect(await lock?.release()).toBe(true)
  if (claim.state === 'claimed') expect(await claim.complete('done')).toEqual({ recorded: true })
  await copying
  const server = await onServer(place)
  expect(await server.idempotency.get('order')).toMatchObject({ value: 'done' })
  await server.acquire('nightly', 60_000)
  await expect(toFile(place, `${place.file}.back`)).rejects.toMatchObject({ code: 'BUSY' })
})

test('a copy waits at most once for its timeout, also for locks acquired after the target was created', async () => {
  const place = await newPlace()
  const user = await onServer(place)
  const lock = await user.acquire('nightly', 600_000)
  const other = await admin.connect()
  onTestFinished(() => other.release())
  const wait = 60_000
  const monotonic = performance.now.bind(performance)
  let waits = 0
  const copying = toFile(place, `${place.file}.back`, {
    wait,
    async waiting() {
      if (++waits > 1) return
      vi.spyOn(performance, 'now').mockImplementation(() => monotonic() + wait)
      // This transaction commits only when the transaction that seals the source waits for it.
      await other.query('BEGIN')
      await other.query(
        `INSERT INTO "${place.schema}".locks SELECT 'hourly', owner, token, holds, expires_at, marked_at, sweep_at FROM "${place.schema}".locks`,
      )
      await lock?.release()
    },
  })
  const refused = expect(copying).rejects.toMatchObject({ code: 'BUSY', message: expect.stringContaining('hourly') })
  const sealing = () =>
    admin.query('SELECT 1 FROM pg_locks WHERE NOT granted AND relation = to_regclass($1)', [`"${place.schema}".locks`])
  while ((await sealing()).rows.length === 0) await new Promise(setImmediate)
  await other.query('COMMIT')
  await refused
  vi.restoreAllMocks()
  expect(waits).toBe(1)
})

test('a partly filled store is refused, and so is a target that is not empty', async () => {
  const place = await newPlace()
  const user = await onFile(place.file)
  await user.cache.set('k', 1)
  await user.disconnect()
  await expect(
    toServer(place, {
      progress() {
        throw new Error('ended')
      },
    }),
  ).rejects.toThrow('ended')
  await expect(onServer(place)).rejects.toMatchObject({ code: 'MOVED', message: expect.stringContaining(place.file) })
  const other = await newPlace()
  await (await onFile(other.file)).disconnect()
  await expect(toServer({ ...other, schema: place.schema })).rejects.toMatchObject({ code: 'FILE_EXISTS' })
  await toServer(place)
  await expect(toServer({ ...other, schema: place.schema })).rejects.toMatchObject({ code: 'FILE_EXISTS' })
  const unused = await newPlace()
  for (const dryRun of [true, false]) {
    await expect(toServer({ ...place, schema: unused.schema }, { dryRun })).rejects.toMatchObject({ code: 'MOVED' })
  }
  expect(await isThere(unused.schema)).toBe(false)
  expect((await toServer(place)).outcome, 'run again').toBe('moved')
  expect((await admin.query(`SELECT key FROM "${place.schema}".cache`)).rows).toHaveLength(1)
})

test('of copies that begin at once, one fills the target, and each other one says what it met', async () => {
  const place = await newPlace()
  const files = [1, 2, 3, 4].map((at) => `${place.file}.${at}`)
  for (const file of files) await (await onFile(file)).cache.set('k', file)
  const runs = await Promise.allSettled(files.map((file) => toServer({ ...place, file })))
  const refused = runs.filter((run) => run.status === 'rejected')
  expect(refused).toHaveLength(3)
  for (const { reason } of refused) expect(reason).toMatchObject({ code: 'FILE_EXISTS', operation: 'copy' })
  for (const [at, file] of files.entries()) {
    if (runs[at]?.status === 'rejected') expect(await (await onFile(file)).cache.get('k')).toBe(file)
    else expect(await (await onServer(place)).cache.get('k')).toBe(file)
  }
})

test('runs of one copy that begin at once move the store once', async () => {
  for (let round = 0; round < 3; round++) {
    const place = await newPlace()
    await (await onFile(place.file)).cache.set('k', 1)
    const runs = await Promise.allSettled([1, 2, 3].map(() => toServer(place)))
    for (const run of runs) {
      if (run.status === 'fulfilled') expect(run.value.outcome).toBe('moved')
      else
        expect(run.reason).toMatchObject({ code: 'CONSTRAINT', message: expect.stringContaining('run the copy again') })
    }
    expect((await toServer(place)).outcome).toBe('moved')
    expect(await (await onServer(place)).cache.get('k')).toBe(1)
  }
})

test('clocks that differ by more than a second are reported before anything is written', async () => {
  const place = await newPlace()
  await (await onFile(place.file)).disconnect()
  const now = Date.now
  const shifted = vi.spyOn(Date, 'now').mockImplementation(() => now() - 3_600_000)
  try {
    for (const dryRun of [true, false]) {
      await expect(toServer(place, { dryRun })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('--accept-clock'),
      })
    }
  } finally {
    shifted.mockRestore()
  }
  expect(await isThere(place.schema), 'and no target is made').toBe(false)
  await (await onFile(place.file)).disconnect()
})

test('a slow connection to the server does not count as a clock difference', async () => {
  const place = await newPlace()
  await (await onFile(place.file)).cache.set('k', 1)
  const now = Date.now
  let connections = 0
  // As if the second connection, which reads the clock of a target that does not exist yet, took two seconds.
  const before = vi.spyOn(Date, 'now').mockImplementation(() => now() - 2_000)
  const proxy = await startProxy(serverUrl(), (client, server) => {
    if (++connections === 2) before.mockRestore()
    client.pipe(server).pipe(client)
  })
  onTestFinished(async () => {
    before.mockRestore()
    await proxy.close()
  })
  expect(await copyDatabase(place.file, proxy.url, { schema: place.schema })).toMatchObject({ outcome: 'moved' })
})
