import { ManualClock } from '@go-go-scope/persistence-conformance'
import { type ClaimedKey, PersistenceError, SqliteAdapter } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'
import { settled } from './settled.js'

const LEASE = { lease: 900 }

const busy = (): Error => Object.assign(new Error('of the engine'), { errcode: 5 })

/** Makes an adapter whose database is busy for writers, or refuses them with another error, while `state.busy` is set. */
async function busyAdapter(error: () => Error = busy) {
  const clock = new ManualClock()
  const state = { busy: false, refused: 0 }
  const failures: string[] = []
  const handle = new DatabaseSync(':memory:')
  const driver = databaseSyncDriver(handle, (sql) => {
    if (!state.busy || !/^(BEGIN|INSERT|UPDATE|DELETE)/.test(sql)) return undefined
    state.refused++
    throw error()
  })
  const { idempotency } = new SqliteAdapter(handle, () => driver, {
    clock,
    busyTimeout: 0,
    onDiagnostic: (event) => {
      if (event.type === 'background-error') failures.push(`${event.operation}: ${event.error.code}`)
    },
  })
  await idempotency.get('k')
  /** Lets `ms` pass in steps, with everything that they trigger. */
  const pass = async (ms: number) => {
    await settled()
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50)
      await settled()
    }
  }
  /** Starts work and returns when it runs. */
  const started = () =>
    new Promise<{ call: Promise<string>; finish: (value: string) => void; fail: (error: unknown) => void }>(
      (running) => {
        const call: Promise<string> = idempotency.once(
          'k',
          () => new Promise<string>((finish, fail) => running({ call, finish, fail })),
          LEASE,
        )
      },
    )
  const claimed = async () => (await idempotency.claim('k', { ...LEASE, renew: true })) as ClaimedKey<unknown>
  return { idempotency, state, failures, pass, started, claimed }
}

test('a result is reported again while the file is busy', async () => {
  const { idempotency, state, pass, started } = await busyAdapter()
  const work = await started()
  state.busy = true
  work.finish('done')
  await pass(50)
  const once = state.refused
  await pass(300)
  expect(once).toBeGreaterThan(0)
  expect(state.refused).toBe(4 * once)
  state.busy = false
  await pass(100)
  expect(await work.call).toBe('done')
  expect((await idempotency.get('k'))?.value).toBe('done')
})

// As of a full queue, and of a server.
test.each(['QUEUE_FULL', 'UNAVAILABLE', 'OUTCOME_UNKNOWN'] as const)(
  'a result is reported again when its report has failed as %s',
  async (code) => {
    const { idempotency, state, pass, started } = await busyAdapter(
      () => new PersistenceError(code, 'a call', 'not now'),
    )
    const work = await started()
    const done = work.call.catch((error: unknown) => error)
    state.busy = true
    work.finish('done')
    await pass(50)
    expect(state.refused).toBe(1)
    state.busy = false
    await pass(100)
    expect(await done).toBe('done')
    expect((await idempotency.get('k'))?.value).toBe('done')
  },
)

test('a file that is busy until the claim is lost rejects the result as BUSY', async () => {
  const { idempotency, state, pass, started } = await busyAdapter()
  const work = await started()
  const refused = work.call.catch((error: unknown) => error)
  state.busy = true
  work.finish('done')
  await pass(900)
  expect(await refused).toMatchObject({ code: 'BUSY', operation: 'idempotency.once' })
  state.busy = false
  expect(await idempotency.once('k', () => 'done again')).toBe('done again')
})

test('the error of the work counts more than that of its report, which is reported', async () => {
  const { state, failures, pass, started, claimed } = await busyAdapter()
  const work = await started()
  const error = new Error('declined')
  const refused = work.call.catch((reason: unknown) => reason)
  state.busy = true
  work.fail(error)
  expect(await refused).toBe(error)
  expect(failures).toEqual(['idempotency.once: BUSY'])
  state.busy = false
  await pass(900)
  expect((await claimed()).state).toBe('claimed')
})

test('renewal of a claim continues after the database refused one', async () => {
  const { state, failures, pass, claimed } = await busyAdapter()
  const claim = await claimed()
  state.busy = true
  await pass(300)
  state.busy = false
  expect(failures).toEqual(['idempotency.renew: BUSY'])
  await pass(3_000)
  expect(await claim.complete(1)).toEqual({ recorded: true })
})

test('a claim whose report was refused is not renewed, so that its key becomes free', async () => {
  const { state, pass, claimed } = await busyAdapter()
  const claim = await claimed()
  state.busy = true
  await expect(claim.fail('no')).rejects.toMatchObject({ code: 'BUSY' })
  state.busy = false
  await pass(900)
  expect((await claimed()).state).toBe('claimed')
})
