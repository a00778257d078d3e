import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineFrontEnd, type OpenOptions, type SqliteAdapter } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'
import { inAnotherThread } from './in-another-thread.js'

type Database = InstanceType<typeof DatabaseSync>

const folder = mkdtempSync(join(tmpdir(), 'causes-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Result codes of SQLite. */
const ERRORS = { BUSY: 5, IO_ERROR: 10, CANNOT_OPEN: 14, CONSTRAINT: 19 } as const
type Code = keyof typeof ERRORS

/** Makes a front end whose engine fails with one error, at its start or at the statements that match `state.failing`. */
function frontEnd(code: Code, threaded: boolean) {
  const cause = Object.assign(new Error('of the engine'), { errcode: ERRORS[code] })
  const state = { failing: undefined as RegExp | 'open' | undefined }
  const { SQLiteAdapter } = defineFrontEnd<Database, OpenOptions>({
    driver(database) {
      const driver = databaseSyncDriver(database, (sql) => {
        if (state.failing instanceof RegExp && state.failing.test(sql)) throw cause
        return undefined
      })
      return threaded ? inAnotherThread(driver) : driver
    },
    async load() {
      const open = (path: string): Database => {
        if (state.failing === 'open') throw cause
        return new DatabaseSync(path)
      }
      return { name: 'tests', library: 'tests', open }
    },
  })
  return { SQLiteAdapter, state, cause }
}

const many = Array.from({ length: 40 }, (_, at) => at)

/** Calls whose writes fail, by the way that the error takes. */
const CALLS: Readonly<Record<string, (adapter: SqliteAdapter) => Promise<unknown>>> = {
  'a call': ({ cache }) => cache.set('k', 1),
  'calls that share statements': ({ cache }) => Promise.all(many.map((at) => cache.set(`k${at}`, at))),
  'calls that share a commit': ({ cache, checkpoint }) => Promise.all([cache.set('k', 1), checkpoint.deleteAll('t')]),
  'a call that makes another one': ({ lock }) => lock.hold('job'),
  'work that runs once': ({ idempotency }) => idempotency.once('k', () => 1),
}

describe.each([false, true])('the cause of an error is that of the engine, in a thread of its own: %s', (threaded) => {
  test.each(
    (['BUSY', 'IO_ERROR'] as const).flatMap((code) => Object.keys(CALLS).map((name): [string, Code] => [name, code])),
  )('of %s: %s', async (name, code) => {
    const { SQLiteAdapter, state, cause } = frontEnd(code, threaded)
    const adapter = await SQLiteAdapter.open(':memory:', { locks: 'database', busyTimeout: 0 })
    state.failing = /^(BEGIN|INSERT|UPDATE|DELETE|REPLACE)/
    const error = await CALLS[name]?.(adapter).catch((reason: unknown) => reason)
    state.failing = undefined
    await adapter.disconnect()
    expect(error).toMatchObject({ _tag: 'PersistenceError', code, retryable: code === 'BUSY' })
    expect((error as Error).cause).toBe(cause)
  })

  test('of a report that a constraint refuses, which is no lost claim', async () => {
    const { SQLiteAdapter, state, cause } = frontEnd('CONSTRAINT', threaded)
    const adapter = await SQLiteAdapter.open(':memory:')
    const claim = await adapter.idempotency.claim('k', { lease: 60_000, fingerprint: 'f' })
    state.failing = /INTO go_goscope_claim_records/
    const error = claim.state === 'claimed' && (await claim.complete(1).catch((reason: unknown) => reason))
    state.failing = undefined
    expect(error).toMatchObject({ code: 'CONSTRAINT', operation: 'idempotency.complete' })
    expect((error as Error).cause).toBe(cause)
    await adapter.disconnect()
  })

  test.each([
    ['that cannot start', 'open', 'CANNOT_OPEN', {}],
    ['that another one keeps busy', /./, 'BUSY', {}],
    ['whose file cannot be read', /./, 'IO_ERROR', {}],
    ['whose file cannot be read without writing beside it', /./, 'CANNOT_OPEN', { readOnly: true }],
    ['that cannot make the tables', /^CREATE TABLE/, 'IO_ERROR', {}],
  ] as const)('of open with an engine %s', async (_how, failing, code, options) => {
    const path = join(folder, `${randomUUID()}.db`)
    const { SQLiteAdapter, state, cause } = frontEnd(code, threaded)
    if ('readOnly' in options) await (await SQLiteAdapter.open(path)).disconnect()
    state.failing = failing
    const opening = SQLiteAdapter.open(path, { ...options, busyTimeout: 0 })
    const error = await opening.catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code, operation: 'open', message: expect.stringContaining(path) })
    expect((error as Error).cause).toBe(cause)
  })
})
