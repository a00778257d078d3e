import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { describe, expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import {
  admin,
  disconnectAfterEach,
  eventually,
  newSchema,
  rewritten,
  track,
  waitingStatement,
} from './server-adapters.js'

disconnectAfterEach()

proveCell()

// An advisory lock of the test, on which a statement of the app waits.
const GATE = 4_712

/** A plausible translation of SQLite's statements, with which our statements are compared. */
interface Naive {
  readonly name: string
  /** Extends the moment in which the bug shows; also applied to our own statements. */
  delay?(sql: string): string
  /** @returns the translated statement; the same statement if it is not concerned. */
  rewrite(sql: string): string
  /** @returns what went wrong, if anything. */
  find(schema: string, adapter: (schema: string) => Promise<PostgresAdapter>): Promise<string | undefined>
}

const NAIVE: readonly Naive[] = [
  {
    name: 'a claim whose condition is read before the row is waited for',
    rewrite(sql) {
      const [, insert, condition, rest] =
        /^([\s\S]*)\nWHERE (entry\.claimed_until[\s\S]*?)\n(RETURNING entry\.generation[\s\S]*)$/.exec(sql) ?? []
      if (insert === undefined) return sql
      const [, table] = /INSERT INTO (\S+)/.exec(insert) ?? []
      const before = `AND NOT EXISTS (SELECT 1 FROM ${table} AS entry WHERE entry.key = $1::text AND NOT (${condition?.replace('excluded.owner', '$2::text')}))`
      return `${insert.replace('WHERE ($5::float8 IS NULL OR true)', `WHERE ($5::float8 IS NULL OR true) ${before}`)}\n${rest}`
    },
    async find(schema, adapter) {
      const claimant = await adapter(schema)
      const client = await admin.connect()
      try {
        for (let round = 0; round < 20; round++) {
          const key = `job-${round}`
          await client.query('BEGIN')
          await client.query(`INSERT INTO "${schema}".idempotency (key, value) VALUES ($1, '"done"')`, [key])
          const claimed = claimant.idempotency.claim(key, { lease: 60_000 })
          await eventually(() => waitingStatement('claim_generation'))
          await client.query('COMMIT')
          const { state } = await claimed
          if (state !== 'completed') return `${key} is done, and was ${state} again in round ${round}`
        }
        return undefined
      } finally {
        client.release(true)
      }
    },
  },
  {
    name: 'a token that is taken before the row is waited for',
    // Between taking the token and locking the row.
    delay: (sql) =>
      sql.replace(
        /nextval\('[^']*lock_token'::regclass\)/,
        '(SELECT token FROM (SELECT $& AS token OFFSET 0) AS taken, LATERAL pg_sleep(0.01 * random() + 0 * token))',
      ),
    rewrite: (sql) => sql.replaceAll(/pg_try_advisory_xact_lock\([\w.]+\)/g, 'true'),
    async find(schema, adapter) {
      const adapters = await Promise.all([1, 2, 3, 4, 5, 6].map(() => adapter(schema)))
      const end = performance.now() + 6_000
      let [last, grants] = [0, 0]
      let problem: string | undefined
      const contend = async (one: PostgresAdapter): Promise<void> => {
        while (problem === undefined && grants < 300 && performance.now() < end) {
          const lock = await one.acquire('job', 60_000)
          if (lock === null) continue
          // No other holder can come between these two lines, because the lock is held.
          if (lock.token <= last) problem = `grant ${grants} has the token ${lock.token} after ${last}`
          ;[last, grants] = [lock.token, grants + 1]
          await lock.release()
        }
      }
      const sweep = async (): Promise<void> => {
        while (problem === undefined && grants < 300 && performance.now() < end) {
          await admin.query(`DELETE FROM "${schema}".locks WHERE expires_at = 0`)
        }
      }
      await Promise.all([...adapters.map(contend), sweep(), sweep()])
      expect(grants).toBeGreaterThan(0)
      return problem
    },
  },
  {
    name: 'a fenced check that does not keep the lock',
    rewrite: (sql) => sql.replace('pg_advisory_xact_lock_shared(', '('),
    async find(schema, adapter) {
      const [one, two] = [await adapter(schema), await adapter(schema)]
      await admin.query(`CREATE TABLE "${schema}".note (text text)`)
      await admin.query(`INSERT INTO "${schema}".note VALUES ('none')`)
      const write = (text: string) => ({ sql: `UPDATE "${schema}".note SET text = $1`, parameters: [text] })
      const first = await one.acquire('job', 60_000)
      if (first === null) throw new Error('the lock is free')
      const gate = await admin.connect()
      try {
        await gate.query(`SELECT pg_advisory_lock(${GATE})`)
        const delayed = { sql: `SELECT pg_advisory_xact_lock(${GATE}) /* ${schema} */` }
        const late = one.fenced(first, [delayed, write('one')])
        await eventually(() => waitingStatement(schema))
        await two.lock.forceRelease('job')
        const second = await two.acquire('job', 60_000)
        if (second !== null) await two.fenced(second, [write('two')])
        await gate.query('SELECT pg_advisory_unlock_all()')
        await late
        if (second === null) return undefined
      } finally {
        gate.release(true)
      }
      const { rows } = await admin.query(`SELECT text FROM "${schema}".note`)
      return rows[0].text === 'two' ? undefined : 'the write of the first holder stands after that of the second'
    },
  },
  {
    name: 'a fenced check that is read before the turn is waited for',
    rewrite: (sql) =>
      sql
        .replace(/^(SELECT set_config\([\s\S]*) FROM (\S+ AS lock) WHERE/, (_, columns, lock) => {
          const seed = `hashtextextended(current_database() || '.${/^".*"/.exec(lock)?.[0]}', 1)`
          const turn = `hashtextextended($1::text, ${seed})`
          return `WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(${turn})) ${columns} FROM turn, ${lock} WHERE`
        })
        .replace(/FOR KEY SHARE$/, 'FOR KEY SHARE OF lock')
        .replace(/^SELECT pg_advisory_xact_lock_shared\(/, 'SELECT ('),
    async find(schema, adapter) {
      const holder = await adapter(schema)
      const lock = await holder.acquire('job', 60_000, 'holder')
      if (lock === null) throw new Error('the lock is free')
      const client = await admin.connect()
      try {
        const next = track(new PostgresAdapter(client, { schema, durability: 'process', closeOnDisconnect: false }))
        await next.connect()
        await client.query('BEGIN')
        // Takes the turn until the transaction ends.
        await next.acquire('job', 60_000, 'holder')
        const fenced = holder.fenced(lock, [{ sql: 'SELECT 1' }]).then(
          () => 'the holder runs its statements after its lock has passed to another',
          (error: { code?: string }) => (error.code === 'LOCK_LOST' ? undefined : String(error)),
        )
        await eventually(() => waitingStatement(`lock_shared%${schema}`))
        await client.query(`UPDATE "${schema}".locks SET owner = 'next', token = token + 1`)
        await client.query('COMMIT')
        return await fenced
      } finally {
        client.release(true)
      }
    },
  },
]

describe.each(NAIVE)('$name', ({ delay = (sql) => sql, rewrite, find }) => {
  test('is found when it is planted', async () => {
    expect(await find(newSchema(), (schema) => rewritten(schema, (sql) => delay(rewrite(sql))))).toBeTypeOf('string')
  })

  test('is not in our statements', async () => {
    expect(await find(newSchema(), (schema) => rewritten(schema, delay))).toBeUndefined()
  })
})
