import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { proofCount } from '../proof/proof-count.js'
import { OwnerOfFile } from '../proof/remote/owner-of-file.js'

proveCell()

describe.each(['process', 'thread'] as const)('an owner that is a %s', (kind) => {
  let owner: OwnerOfFile
  beforeEach(async () => {
    owner = await OwnerOfFile.start(kind)
  })
  afterEach(() => owner.end())

  test('and dies fails every call once, with its possible outcome, and keeps what it acknowledged', async () => {
    const calls = proofCount({ inTests: 10_000, inSoak: 100_000 })
    const made = Array.from({ length: calls }, (_, n) => owner.adapter.idempotency.set(`k${n}`, n))
    const reads = Promise.allSettled(Array.from({ length: 100 }, (_, n) => owner.adapter.cache.get(`r${n}`)))
    const settled = Promise.allSettled(made)
    await made[0]
    await owner.kill()
    const results = await settled
    const lost = results.filter((one) => one.status === 'rejected').map(({ reason }) => reason)
    expect(lost.length).toBeGreaterThan(0)
    for (const error of lost) {
      expect(error).toMatchObject({ code: 'DISCONNECTED', operation: 'idempotency.set' })
      expect(error.retryable).toBe(error.outcome === 'none')
    }
    expect(new Set(lost.map(({ outcome }) => outcome))).toEqual(new Set(['none', 'unknown']))
    for (const one of await reads) {
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'DISCONNECTED', outcome: 'none' })
    }
    const file = await engine.SQLiteAdapter.open(owner.path)
    const acknowledged = results.flatMap((one, n) => (one.status === 'fulfilled' ? [n] : []))
    for (const n of acknowledged) expect(await file.idempotency.get(`k${n}`), `k${n}`).not.toBe(null)
    for (const [n, one] of results.entries()) {
      const mayBe = one.status === 'fulfilled' || one.reason.outcome === 'unknown'
      if (!mayBe) expect(await file.idempotency.get(`k${n}`), `k${n} was not sent`).toBe(null)
    }
    await file.disconnect()
  }, 600_000)

  test('and dies aborts the signals of its locks, and later calls fail at once', async () => {
    const lock = await owner.adapter.acquire('job', 600_000)
    const aborted = new Promise((resolve) => lock?.signal.addEventListener('abort', () => resolve(lock.signal.reason)))
    const load = owner.adapter.cache.getOrSet('k', () => new Promise<never>(() => undefined))
    const failed = expect(load)
      .rejects.toMatchObject({ code: 'DISCONNECTED' })
      .catch((error: unknown) => error)
    expect(owner.adapter.isConnected()).toBe(true)
    await owner.kill()
    expect(await aborted).toMatchObject({ code: 'LOCK_LOST' })
    expect(owner.adapter.isConnected()).toBe(false)
    await expect(owner.adapter.cache.set('k', 1)).rejects.toMatchObject({
      code: 'DISCONNECTED',
      outcome: 'none',
      retryable: true,
    })
    await expect(owner.adapter.acquire('job')).rejects.toMatchObject({ code: 'DISCONNECTED' })
    expect(() => owner.adapter.circuitBreaker.subscribe('k', () => undefined)).toThrow(
      expect.objectContaining({ code: 'DISCONNECTED', outcome: 'none', operation: 'circuitBreaker.subscribe' }),
    )
    expect(await lock?.release()).toBe(false)
    expect(await lock?.extend(1_000)).toBe(false)
    expect(await lock?.isValid()).toBe(false)
    void failed
  }, 60_000)
  test.each(['close', 'disconnect'])(
    'and leaves answers the calls that have arrived, and refuses the rest: %s',
    async (order) => {
      const made = Array.from({ length: 2_000 }, (_, n) => owner.adapter.idempotency.set(`k${n}`, n))
      const settled = Promise.allSettled(made)
      await made[0]
      await owner.order(order)
      const results = await settled
      const refused = results.filter((one) => one.status === 'rejected').map(({ reason }) => reason)
      for (const error of refused) expect(error).toMatchObject({ code: 'DISCONNECTED', outcome: 'none' })
      await expect(owner.adapter.cache.get('k')).rejects.toMatchObject({ code: 'DISCONNECTED', outcome: 'none' })
      if (order === 'close') await owner.order('disconnect')
      const file = await engine.SQLiteAdapter.open(owner.path)
      for (const [n, { status }] of results.entries()) {
        expect((await file.idempotency.get(`k${n}`)) !== null, `k${n}`).toBe(status === 'fulfilled')
      }
      await file.disconnect()
    },
    60_000,
  )
})
