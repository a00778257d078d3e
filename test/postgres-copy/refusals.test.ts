import { existsSync } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import type { OperationQueue } from '@go-go-scope/persistence-core/dialect'
import { PersistenceError } from '@go-go-scope/persistence-postgres'
import { copyDatabase, copyTablesOf29, runCommand, unsealDatabase } from '@go-go-scope/persistence-postgres/copy'
import { SQLiteCacheAdapter } from '@go-go-scope/persistence-sqlite-node'
import { expect, test } from 'vitest'
import { serverSql } from '../../packages/persistence-postgres/src/copy/server-sql.js'
import { Store } from '../../packages/persistence-postgres/src/copy/store.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { admin, newPlace, onFile, onServer, type Place, toFile, toServer } from './moved-store.js'

async function schemas({ schema }: Place): Promise<number> {
  return (await admin.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema])).rows.length
}

async function command(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []]
  const code = await runCommand(args, { out: (text) => out.push(text), err: (text) => err.push(text) })
  return { code, out: out.join(''), err: err.join('') }
}

test('a file that is not ours is refused, and stays unchanged', async () => {
  const place = await newPlace()
  await expect(toServer(place)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await writeFile(
    place.file,
    'a text of somebody, long enough to be read as the header of a database, and then some more',
  )
  await expect(toServer(place)).rejects.toMatchObject({ code: 'NOT_A_DATABASE' })
  expect(await readFile(place.file, 'utf8')).toContain('of somebody')
  const foreign = await newPlace()
  const database = new DatabaseSync(foreign.file)
  database.exec('CREATE TABLE orders (id INTEGER)')
  database.close()
  await expect(toServer(foreign)).rejects.toMatchObject({ code: 'SCHEMA_MISSING' })
  await expect(toFile(await newPlace(), `${place.file}.back`)).rejects.toMatchObject({ code: 'SCHEMA_MISSING' })
})

test.each(['cache', 'locks', 'moved', 'lock_token'])(
  'a cache table with the name %s, which is a name of ours on a server, is refused before the move',
  async (tableName) => {
    const place = await newPlace()
    const own = new SQLiteCacheAdapter(new DatabaseSync(place.file), { tableName })
    await own.set('k', 'own')
    await own.disconnect()
    await (await onFile(place.file)).disconnect()
    const refused = { code: 'INVALID_ARGUMENT', message: expect.stringContaining(`cache table "${tableName}"`) }
    await expect(toServer(place, { dryRun: true })).rejects.toMatchObject(refused)
    await expect(toServer(place)).rejects.toMatchObject(refused)
    expect(await schemas(place)).toBe(0)
    await (await onFile(place.file)).disconnect()
  },
)

test('a table of the app with the name of a mark of a move is no mark', async () => {
  const place = await newPlace()
  await admin.query(`CREATE SCHEMA "${place.schema}"; CREATE TABLE "${place.schema}".copies (id int)`)
  const adapter = await onServer(place)
  await adapter.cache.set('k', 1)
  expect(await adapter.cache.get('k')).toBe(1)
})

test('a place from an unset environment variable is refused by name, before anything is opened', async () => {
  const place = await newPlace()
  await (await onFile(place.file)).disconnect()
  for (const [unset, got] of [
    [undefined, 'undefined'],
    ['', 'an empty text'],
  ] as const) {
    const refused = (name: string) => ({
      code: 'INVALID_ARGUMENT',
      message: `copy: ${name} must be a path or a URL, got ${got}; is the variable set?`,
    })
    await expect(copyDatabase(place.file, unset as string)).rejects.toMatchObject(refused('to'))
    await expect(copyDatabase(unset as string, serverUrl())).rejects.toMatchObject(refused('from'))
    await expect(copyTablesOf29(serverUrl(), unset as string)).rejects.toMatchObject(refused('to'))
    await expect(unsealDatabase(unset as string)).rejects.toMatchObject(refused('place'))
  }
  expect(await command('copy', place.file, '')).toMatchObject({ code: 2, err: expect.stringContaining('to must be') })
})

test('an unknown or invalid option is refused by name, and moves nothing', async () => {
  const place = await newPlace()
  const adapter = await onFile(place.file)
  const refused = (says: string) => ({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(says) })
  for (const [options, says] of [
    [{ dryrun: true }, 'did you mean dryRun?'],
    [{ dryRun: 'yes' }, 'option dryRun must be true or false'],
    [{ acceptClock: 1 }, 'option acceptClock must be'],
    [{ wait: Number.NaN }, 'option wait must be a number of ms from 0, got NaN'],
    [{ waiting: true }, 'option waiting must be a function'],
    [{ progress: 'yes' }, 'option progress must be a function'],
    // PostgreSQL would silently use the first 63 bytes.
    [{ schema: 's'.repeat(64) }, 'option schema must be a well-formed name of 1 to 63 bytes'],
    [null, 'options must be an object with'],
  ] as const) {
    await expect(copyDatabase(place.file, serverUrl(), options as never)).rejects.toMatchObject(refused(says))
  }
  await expect(copyTablesOf29(serverUrl(), `${place.file}-29`, { dryrun: true } as never)).rejects.toMatchObject(
    refused('did you mean dryRun?'),
  )
  await expect(unsealDatabase(place.file, { schmea: 'x' } as never)).rejects.toMatchObject(refused('schema?'))
  await adapter.cache.set('k', 1)
  await adapter.disconnect()
  expect(await schemas(place)).toBe(0)
})
test.each(['', 'pg_own', 'a'.repeat(64)])(
  'a schema that no adapter accepts is refused, before anything is opened: %j',
  async (schema) => {
    const place = await newPlace()
    await (await onFile(place.file)).disconnect()
    const refused = { code: 'INVALID_ARGUMENT', message: expect.stringContaining('schema must be a well-formed name') }
    await expect(copyDatabase(place.file, serverUrl(), { schema })).rejects.toMatchObject(refused)
    await expect(copyTablesOf29(serverUrl(), `${place.file}.2`, { schema })).rejects.toMatchObject(refused)
    await expect(unsealDatabase(serverUrl(), { schema })).rejects.toMatchObject(refused)
    const { code } = await command('copy', place.file, serverUrl(), '--schema', schema)
    expect(code).toBe(2)
  },
)

test('a damaged file is refused as a source, and a sealed one can be unsealed', async () => {
  const place = await newPlace()
  const adapter = await onFile(place.file)
  await adapter.cache.setMany(Array.from({ length: 4_000 }, (_, index) => [`k${index}`, 'x'.repeat(200)] as const))
  await adapter.disconnect()
  const bytes = await readFile(place.file)
  const { size } = await stat(place.file)
  await writeFile(place.file, bytes.fill(0xff, Math.floor(size * 0.4), Math.floor(size * 0.7)))
  await expect(toServer(place)).rejects.toMatchObject({ code: 'CORRUPT' })
  await expect(onServer(place)).rejects.toMatchObject({ code: 'MOVED' })
})

test('a row that another program has written is named', async () => {
  const place = await newPlace()
  await (await onFile(place.file)).disconnect()
  const database = new DatabaseSync(place.file)
  database.exec("INSERT INTO go_goscope_cache (key, value) VALUES ('shop:cache:odd', x'00ff')")
  database.close()
  const named = { code: 'VALUE_UNREADABLE', message: expect.stringContaining('"shop:cache:odd" of cache') }
  await expect(toServer(place)).rejects.toMatchObject(named)
})

test('no output contains the password of a URL', async () => {
  const place = await newPlace()
  await (await onFile(place.file)).disconnect()
  const url = new URL(serverUrl())
  url.password = 'secret'
  const outputs = [
    await command('copy', place.file, url.href, '--schema', place.schema, '--dry-run'),
    await command('copy', place.file, url.href.replace('postgres:', 'postgress:')),
  ]
  // A URL for the library, though not for `URL`.
  const hostless = `postgres://postgres:secret@/postgres?host=${url.hostname}&port=${url.port}`
  outputs.push(await command('copy', place.file, hostless, '--schema', place.schema, '--dry-run'))
  await (await onServer(place)).disconnect()
  const mistyped = ['postgres:/me:secret@h/db', 'postgres//me:secret@h/db', 'postgres+ssl://me:secret@h/db']
  for (const name of [...mistyped, 'me:secret@h/db']) {
    outputs.push(await command('copy', name, url.href), await command('unseal', name))
    outputs.push(await command('copy', url.href, name, '--schema', place.schema))
  }
  outputs.push(await command('unseal', `${place.file}/me:secret@h/db`))
  expect(outputs.map(({ code }) => code)).toEqual([0, 2, 0, ...outputs.slice(3).map(() => 2)])
  for (const { out, err } of outputs) expect(out + err).not.toContain('secret')
})

test('a dry run reports the contents, and writes nothing on either side', async () => {
  const place = await newPlace()
  const user = await onFile(place.file)
  await user.cache.set('k', 1)
  const lock = await user.acquire('lock', 60_000)
  const args = ['copy', place.file, serverUrl(), '--schema', place.schema, '--dry-run']
  const held = await command(...args)
  expect(held.code).toBe(3)
  expect(JSON.parse(held.out)).toMatchObject({ outcome: 'dry-run', held: ['lock /shop:/lock'] })
  await lock?.release()
  const free = await command(...args)
  expect(free.code).toBe(0)
  expect(JSON.parse(free.out).tables).toContainEqual({ table: 'cache', rows: 1 })
  expect(await schemas(place)).toBe(0)
  // PGlite creates its folder when it opens.
  const folder = `${place.file}.pglite`
  expect((await command('copy', place.file, `pglite:${folder}`, '--dry-run')).code).toBe(0)
  expect(existsSync(folder)).toBe(false)
  await user.cache.set('k', 2)
})

test('the command ends with an exit code for each reason, and never shows a password', async () => {
  const place = await newPlace()
  const user = await onFile(place.file)
  const lock = await user.acquire('lock', 60_000)
  const url = new URL(serverUrl())
  url.password = 'secret'
  const copy = ['copy', place.file, url.href, '--schema', place.schema]
  expect(await command('copy', place.file)).toMatchObject({ code: 2, err: expect.stringContaining('takes 2 places') })
  expect(await command('move')).toMatchObject({ code: 2 })
  expect(await command(...copy, '--wait', 'long')).toMatchObject({ code: 2 })
  expect(await command(...copy, '--fast')).toMatchObject({ code: 2 })
  expect(await command('copy', place.file, `${place.file}.other`)).toMatchObject({ code: 2 })
  expect(await command('--help')).toMatchObject({ code: 0, out: expect.stringContaining('Exit codes') })
  expect(await command(...copy)).toMatchObject({ code: 3, err: expect.stringContaining('[BUSY]') })
  const waited = await command(...copy, '--wait', '0.5')
  expect([waited.code, waited.err.match(/^waiting for lock \/shop:\/lock$/gm)]).toEqual([3, [expect.anything()]])
  await lock?.release()
  const moved = await command(...copy)
  expect(moved).toMatchObject({ code: 0, err: expect.stringMatching(/^copying .* rows\/s, \d+ s left$/m) })
  expect(moved.out + moved.err).not.toContain('secret')
  await expect(user.cache.set('k', 1)).rejects.toThrow(/moved to postgres:\/\/127.0.0.1:\d+\/postgres \(schema copy_/)
  expect(await command('unseal', place.file)).toMatchObject({ code: 0, out: '' })
  await user.cache.set('k', 1)
  for (const [form, option] of [
    [['unseal', place.file], '--dry-run'],
    [copy, '--time-zone=UTC'],
    [[...copy, '--from-2.9'], '--wait=1'],
  ] as const) {
    expect(await command(...form, option), option).toMatchObject({
      code: 2,
      err: expect.stringContaining('does not take'),
    })
  }
  expect(await command('copy', `${place.file}.none`, serverUrl())).toMatchObject({ code: 2 })
  await writeFile(
    `${place.file}.text`,
    'a text of somebody, long enough to be read as the header of a database'.repeat(2),
  )
  const text = await command('copy', `${place.file}.text`, url.href, '--schema', place.schema)
  expect(text).toMatchObject({ code: 1, err: expect.stringContaining('[NOT_A_DATABASE]') })
})

test('of two files that are copied to one schema, the refused one can be used again', async () => {
  const [one, two] = [await newPlace(), await newPlace()]
  for (const { file } of [one, two]) {
    const user = await onFile(file)
    await user.cache.set('k', file)
    await user.disconnect()
  }
  const place = { ...one, schema: two.schema }
  const results = await Promise.allSettled([toServer(place), toServer(two)])
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  const [moved, left] = results[0].status === 'fulfilled' ? [one.file, two.file] : [two.file, one.file]
  expect(await (await onServer(two)).cache.get('k')).toBe(moved)
  const user = await onFile(left)
  expect(await user.cache.get('k')).toBe(left)
  await user.cache.set('k', 'goes on')
})

test('a copy that ends between two looks at its mark is found to have ended', async () => {
  const gone = new PersistenceError('SQL', 'copy', 'copy: relation "copies" does not exist')
  const answers = [async () => [{ name: 'copies' }], () => Promise.reject(gone), async () => []]
  const queue = { query: () => answers.shift()?.() } as unknown as OperationQueue
  const store = new Store('postgres://host/db', queue, serverSql('shop'), async () => undefined)
  expect(await store.filling()).toBeUndefined()
  expect(answers).toEqual([])
})

test('a file whose target cannot be written can be used again', async () => {
  const place = await newPlace()
  const user = await onFile(place.file)
  await (await onServer(place)).disconnect()
  const role = `filler_${place.schema}`
  await admin.query(`CREATE ROLE "${role}" LOGIN; GRANT USAGE ON SCHEMA "${place.schema}" TO "${role}";
    GRANT ALL ON ALL TABLES IN SCHEMA "${place.schema}" TO "${role}"`)
  try {
    const url = new URL(serverUrl())
    url.username = role
    const refused = await command('copy', place.file, url.href, '--schema', place.schema)
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('lacks a right') })
    await user.cache.set('k', 1)
  } finally {
    await admin.query(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`)
  }
  expect((await toServer(place)).outcome).toBe('moved')
})

test('a store is refused as its own target, also under another name, and can be used again', async () => {
  const place = await newPlace()
  const user = await onServer(place)
  const url = new URL(serverUrl())
  url.searchParams.set('application_name', 'another')
  const copied = await command('copy', serverUrl(), url.href, '--schema', place.schema)
  expect(copied).toMatchObject({ code: 2, err: expect.stringContaining('are the same store') })
  await user.cache.set('k', 1)
})
