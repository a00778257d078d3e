import { ManualClock, portConformance } from '@go-go-scope/persistence-conformance'
import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { proveCell, runner } from '../postgres/cell.js'
import { reportProof } from '../proof/report-proof.js'
import { fetchRelease, RELEASES } from './fetched.mjs'
import { type Found, installedPooler, installedServer, type Service } from './installed.mjs'
import { disconnectAfterEach, newSchema, opens } from './server-adapters.js'

disconnectAfterEach()

proveCell()

const FILE = 'test/postgres-hazards/installed.test.ts'

/** The services besides the server of all tests. Only a soak uses them, because other runs must not fetch a server. */
async function findServices(): Promise<{ name: string; found: Found }[]> {
  const releases = RELEASES.map(async (release) => ({
    name: `PostgreSQL ${release.version.split('.', 1)[0]} from npm`,
    found: await fetchRelease(release),
  }))
  return [
    { name: 'a PostgreSQL of the system', found: installedServer() },
    { name: 'pgbouncer, which lends connections by transaction', found: installedPooler() },
    ...(await Promise.all(releases)),
  ]
}

for (const { name, found } of process.env.SOAK === undefined ? [] : await findServices()) {
  describe(name, () => {
    if ('missing' in found) {
      test('is named as not run', () => {
        reportProof({ proof: name, file: FILE, runs: 'none', result: `not run: ${found.missing}` })
      })
      return
    }
    let service: Service
    beforeAll(async () => {
      service = await found.start()
    }, 60_000)
    afterAll(() => service.stop())

    portConformance(runner, 'every port', async () => {
      const clock = new ManualClock()
      // The refusal of a prepared statement by a pooler is retried after a wait by the clock, which stands still here.
      const options = { schema: newSchema(), durability: 'process', clock, prepare: false } as const
      const adapter = await PostgresAdapter.open(service.url, options)
      return { providers: adapter, clock, dispose: () => adapter.disconnect() }
    })

    test('many calls of several adapters count exactly, and leave no setting on the connection', async () => {
      const schema = newSchema()
      const adapters = await Promise.all([1, 2, 3, 4].map(() => opens(schema, {}, service.url)))
      const calls = 50
      const counts: number[] = []
      const work = async (adapter: PostgresAdapter, at: number): Promise<void> => {
        for (let round = 0; round < calls; round++) {
          counts.push(await adapter.recordFailure('api', 10_000))
          await adapter.cache.set(`k${at}-${round}`, round)
          expect(await adapter.cache.get(`k${at}-${round}`)).toBe(round)
          const lock = await adapter.acquire('job', 60_000)
          if (lock !== null) {
            await adapter.fenced(lock, [{ sql: 'SELECT 1' }])
            expect(await lock.release()).toBe(true)
          }
        }
      }
      await Promise.all(adapters.map(work))
      expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 4 * calls }, (_, index) => index + 1))
      const client = new pg.Client({ connectionString: service.url })
      await client.connect()
      for (const setting of ['lock_timeout', 'idle_in_transaction_session_timeout']) {
        expect((await client.query(`SHOW ${setting}`)).rows, setting).toEqual([{ [setting]: '0' }])
      }
      const { rows } = await client.query("SELECT current_setting('server_version') AS version")
      await client.end()
      reportProof({
        proof: name,
        file: FILE,
        runs: `every port, and ${4 * calls * 4} calls of 4 adapters`,
        result: `server ${rows[0].version}: 0 failed, counted exactly, no setting left on a session`,
      })
    }, 120_000)

    test('a waiter gets the result, by polling or by notification', async () => {
      const schema = newSchema()
      const holder = await opens(schema, {}, service.url)
      for (const newsUrl of [undefined, service.direct]) {
        const waiter = await opens(schema, newsUrl === undefined ? {} : { newsUrl }, service.url)
        const key = String(newsUrl)
        const claim = await holder.idempotency.claim<number>(key, { lease: 60_000 })
        if (claim.state !== 'claimed') throw new Error('the key is free')
        const waiting = waiter.idempotency.claim(key, { lease: 60_000, wait: 20_000 })
        await new Promise((resolve) => setTimeout(resolve, 1_500))
        const direct = newsUrl !== undefined || service.url === service.direct
        expect((await waiter.stats()).notifications).toBe(direct ? 'active' : 'polling')
        await claim.complete(1)
        expect(await waiting).toMatchObject({ state: 'completed', value: 1 })
      }
    })
  })
}
