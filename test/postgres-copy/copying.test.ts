import { DatabaseSync } from 'node:sqlite'
import { PostgresCacheAdapter } from '@go-go-scope/persistence-postgres'
import { copyDatabase } from '@go-go-scope/persistence-postgres/copy'
import { SQLiteCacheAdapter } from '@go-go-scope/persistence-sqlite-node'
import { expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { answers, fillEveryKind } from './every-kind.js'
import { admin, fingerprints, newPlace, onFile, onServer, toFile, toServer } from './moved-store.js'

proveCell()

test('every port answers on the server as it did on the file, and on a file again', async () => {
  const place = await newPlace()
  const before = await onFile(place.file)
  await fillEveryKind(before, 3_000)
  const expected = await answers(before)
  const there = await toServer(place)
  expect(there.outcome).toBe('moved')
  expect(fingerprints(there).cache?.rows).toBe(3_002)
  expect(fingerprints(there).idempotency?.rows).toBe(4)
  const server = await onServer(place)
  expect(await answers(server)).toEqual(expected)
  await server.disconnect()

  const back = await toFile(place, `${place.file}.back`)
  expect(fingerprints(back)).toEqual(fingerprints(there))
  expect(await answers(await onFile(`${place.file}.back`))).toEqual(expected)
})

test('tokens and generations keep growing, there and back and there again', async () => {
  const place = await newPlace()
  const given: { token: number; generation: number }[] = []
  const give = async (
    adapter: Awaited<ReturnType<typeof onServer>> | Awaited<ReturnType<typeof onFile>>,
  ): Promise<void> => {
    for (let count = 0; count < 3; count++) {
      const lock = await adapter.acquire('lock', 60_000)
      const claim = await adapter.idempotency.claim('work', { lease: 60_000 })
      given.push({ token: lock?.token ?? 0, generation: claim.state === 'claimed' ? claim.generation : 0 })
      if (claim.state === 'claimed') await claim.fail(new Error('again'))
      await lock?.release()
    }
    await adapter.disconnect()
  }
  await give(await onFile(place.file))
  await toServer(place)
  await give(await onServer(place))
  await toFile(place, `${place.file}.2`)
  await give(await onFile(`${place.file}.2`))
  await admin.query(`DROP SCHEMA "${place.schema}" CASCADE`)
  await toServer({ ...place, file: `${place.file}.2` })
  await give(await onServer(place))
  for (const counter of ['token', 'generation'] as const) {
    const numbers = given.map((each) => each[counter])
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
  }
})

test('the period of a circuit arrives as it is, also beyond 32 bits', async () => {
  const place = await newPlace()
  const file = await onFile(place.file)
  await file.recordFailure('api', 1)
  await file.disconnect()
  const period = 1_795_831_456_188 // A circuit of 2.9 counts from a time.
  const handle = new DatabaseSync(place.file)
  handle.exec(`UPDATE go_goscope_circuit SET generation = ${period}, revision = revision + 1`)
  handle.close()
  await toServer(place)
  const { rows } = await admin.query(`SELECT generation::float8 FROM "${place.schema}".circuit`)
  expect(rows).toEqual([{ generation: period }])
})

test('prefixes keep their layouts, and cache tables named by the app are copied too', async () => {
  const place = await newPlace()
  for (const prefix of ['', 'a:', 'a:b:']) {
    const adapter = await onFile(place.file, prefix)
    await adapter.idempotency.set('k', prefix)
    await adapter.checkpoint.save({ id: 'c', taskId: 't', sequence: 1, timestamp: 1, progress: 1, data: prefix })
    await adapter.disconnect()
  }
  const own = new SQLiteCacheAdapter(new DatabaseSync(place.file), { tableName: 'sessions' })
  await own.set('s', { user: 'ada' })
  await own.disconnect()
  expect(fingerprints(await toServer(place))['cache sessions']?.rows).toBe(1)
  for (const prefix of ['', 'a:', 'a:b:']) {
    const adapter = await onServer(place, prefix)
    expect(await adapter.idempotency.get('k')).toMatchObject({ value: prefix })
    expect((await adapter.checkpoint.loadLatest('t'))?.data).toBe(prefix)
    await adapter.disconnect()
  }
  const there = new PostgresCacheAdapter(admin, {
    schema: place.schema,
    tableName: 'sessions',
    durability: 'process',
    closeOnDisconnect: false,
  })
  expect(await there.get('s')).toEqual({ user: 'ada' })
  await there.disconnect()
  await toFile(place, `${place.file}.back`)
  const back = new SQLiteCacheAdapter(new DatabaseSync(`${place.file}.back`), { tableName: 'sessions' })
  expect(await back.get('s')).toEqual({ user: 'ada' })
  await back.disconnect()
})

test('a store reported as moved is flushed to the disk of the server, also for a role with synchronous_commit off', async () => {
  const place = await newPlace()
  await (await onFile(place.file)).cache.set('k', 1)
  await (await onServer(place)).disconnect()
  const schema = `"${place.schema}"`
  // A copy creates this table if it is missing. Here its trigger records how a transaction commits that writes no rows.
  await admin.query(`CREATE TABLE ${schema}.copies (
    name text PRIMARY KEY, id text NOT NULL, store text NOT NULL, position text, rows float8 NOT NULL
  );
  CREATE TABLE ${schema}.seen (during text, waits text);
  CREATE FUNCTION ${schema}.see() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO ${schema}.seen VALUES (TG_TABLE_NAME, current_setting(''synchronous_commit'')); RETURN NEW; END';
  CREATE TRIGGER see AFTER UPDATE ON ${schema}.copies FOR EACH ROW WHEN (OLD.rows = NEW.rows) EXECUTE FUNCTION ${schema}.see();
  CREATE TRIGGER see AFTER INSERT ON ${schema}.meta FOR EACH ROW WHEN (NEW.key = 'moved_from') EXECUTE FUNCTION ${schema}.see();
  CREATE ROLE "hasty_${place.schema}" LOGIN SUPERUSER;
  ALTER ROLE "hasty_${place.schema}" SET synchronous_commit = off`)
  const url = new URL(serverUrl())
  url.username = `hasty_${place.schema}`
  await copyDatabase(place.file, url.href, { schema: place.schema })
  // The copy back to a file seals the source on the server.
  const trigger = `"seal_${place.schema}"`
  await admin.query(`CREATE FUNCTION ${schema}.see_seal() RETURNS event_trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO ${schema}.seen SELECT ''moved'', current_setting(''synchronous_commit'')
      FROM pg_event_trigger_ddl_commands() WHERE object_identity LIKE ''%${place.schema}%.moved''; END';
  CREATE EVENT TRIGGER ${trigger} ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION ${schema}.see_seal()`)
  await copyDatabase(url.href, `${place.file}.back`, { schema: place.schema })
  await admin.query(`DROP EVENT TRIGGER ${trigger}`)
  const { rows } = await admin.query(`SELECT DISTINCT during, waits FROM ${schema}.seen ORDER BY 1`)
  expect(rows).toEqual([
    { during: 'copies', waits: 'on' },
    { during: 'meta', waits: 'on' },
    { during: 'moved', waits: 'on' },
  ])
})

test('the two sides are compared: a row that differs is found, and the store is not reported as moved', async () => {
  const place = await newPlace()
  const adapter = await onFile(place.file)
  await adapter.cache.setMany([
    ['k', 'file'],
    ['l', 'file'],
  ])
  await adapter.disconnect()
  await (await onServer(place)).disconnect()
  await admin.query(`CREATE FUNCTION "${place.schema}".other() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN IF NEW.key = 'shop:cache:k' THEN NEW.value := '"filf"'; END IF; RETURN NEW; END $$`)
  await admin.query(`CREATE TRIGGER other BEFORE INSERT ON "${place.schema}".cache
    FOR EACH ROW EXECUTE FUNCTION "${place.schema}".other()`)
  const refused = { code: 'DIVERGED', message: expect.stringContaining('cache has 2 rows') }
  await expect(toServer(place)).rejects.toMatchObject(refused)
  await expect(onServer(place)).rejects.toMatchObject({ code: 'MOVED' })
})
