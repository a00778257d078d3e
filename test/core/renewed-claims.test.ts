import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { ManualClock } from '@go-go-scope/persistence-conformance'
import { type AdapterOptions, type ClaimEvent, type ClaimedKey, SqliteAdapter } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'
import { settled } from './settled.js'

const LEASE_MS = 900
const RENEWED = { lease: LEASE_MS, renew: true }

/** Makes adapters on one handle. */
async function twoAdapters(options: AdapterOptions = {}) {
  const clock = new ManualClock()
  const handle = new DatabaseSync(':memory:')
  const opened = async () => {
    const adapter = new SqliteAdapter(handle, () => databaseSyncDriver(handle, () => undefined), { clock, ...options })
    await adapter.connect()
    return adapter
  }
  const [adapter, other] = [await opened(), await opened()]
  const idle = clock.pending
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.advance(100)
      await settled()
    }
  }
  const claimed = async (key: string) => (await adapter.idempotency.claim(key, RENEWED)) as ClaimedKey<unknown>
  return { adapter, other, clock, idle, pass, claimed }
}

test.each(['complete', 'fail'] as const)(
  'a renewed claim outlives its lease until it is reported: %s',
  async (report) => {
    const { other, clock, idle, pass, claimed } = await twoAdapters()
    const claim = await claimed('k')
    const { signal } = claim
    await pass(5 * LEASE_MS)
    expect(signal.aborted).toBe(false)
    expect((await other.idempotency.claim('k', RENEWED)).state).toBe('running')
    expect(clock.keepsAlive).toBe(false)
    expect(await claim[report](1)).toEqual({ recorded: true })
    expect(clock.pending).toBeLessThanOrEqual(idle)
  },
)

test('a claim is not renewed unless asked', async () => {
  const { adapter, pass } = await twoAdapters()
  for (const renew of [undefined, false]) {
    expect((await adapter.idempotency.claim('k', { lease: LEASE_MS, renew })).state).toBe('claimed')
    await pass(LEASE_MS)
  }
  await expect(adapter.idempotency.claim('k', { lease: LEASE_MS, renew: 'yes' as never })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('option renew must be true or false'),
  })
})

test('renewal of a claim finds that it was lost, aborts its signal and ends', async () => {
  const { other, clock, idle, pass, claimed } = await twoAdapters()
  const claim = await claimed('k')
  const { signal } = claim
  await other.idempotency.freeClaim('k', claim.generation)
  const next = (await other.idempotency.claim('k', { lease: 10 * LEASE_MS })) as ClaimedKey<unknown>
  await pass(LEASE_MS)
  expect(signal.reason).toMatchObject({ code: 'CLAIM_LOST' })
  expect(clock.pending).toBeLessThanOrEqual(idle)
  expect(await next.complete(1)).toEqual({ recorded: true })
})

test('a claim is published as lost when its signal aborts, and not after its own report', async () => {
  const { adapter, pass } = await twoAdapters()
  const claim = async (key: string) =>
    (await adapter.idempotency.claim(key, { lease: LEASE_MS })) as ClaimedKey<unknown>
  const [reported, late] = [await claim('reported'), await claim('late')]
  const heard: unknown[] = []
  const listener = (message: unknown) => heard.push((message as ClaimEvent).key, (message as ClaimEvent).outcome)
  subscribe('go-go-scope.persistence.claim', listener)
  onTestFinished(() => void unsubscribe('go-go-scope.persistence.claim', listener))
  await Promise.all([reported.complete(1), reported.renew()])
  expect((await reported.fail('again')).recorded).toBe(false)
  expect(heard).toEqual([])
  const { signal } = late
  await pass(LEASE_MS)
  expect(signal.aborted).toBe(true)
  expect(await late.renew()).toBe(false)
  expect(await late.complete(1)).toEqual({ recorded: true })
  expect(heard).toEqual(['late', 'lost'])
})

test('renewal of a claim ends with its adapter, and reports no error', async () => {
  const failures: unknown[] = []
  // Adapters on one handle hear of each other's background work, also after the end of one of them.
  const onDiagnostic: AdapterOptions['onDiagnostic'] = (event) => {
    if (event.type === 'background-error') failures.push(event)
  }
  const { adapter, other, clock, idle, pass, claimed } = await twoAdapters({ onDiagnostic })
  await claimed('k')
  await adapter.disconnect()
  await pass(2 * LEASE_MS)
  expect((await other.idempotency.claim('k', { lease: LEASE_MS })).state).toBe('claimed')
  expect(failures).toEqual([])
  expect(clock.pending).toBeLessThanOrEqual(idle)
})
