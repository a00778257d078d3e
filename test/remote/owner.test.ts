import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { connectRemote, type SQLiteAdapter } from '@go-go-scope/persistence-core/remote'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { proofCount } from '../proof/proof-count.js'

proveCell()

let folder: string
let path: string
let owner: Worker
let adapter: SQLiteAdapter

/** A thread that owns the file and serves this one. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'owned-'))
  path = join(folder, 'app.db')
  owner = new Worker(new URL('../proof/remote/owner.mjs', import.meta.url), {
    workerData: { engine: engine.module.href, path, options: { durability: 'process' } },
  })
  await said('ready')
  adapter = await connectRemote(owner)
})
afterEach(async () => {
  await owner.terminate()
  await adapter.disconnect()
  rmSync(folder, { recursive: true, force: true })
})

function said(order: string): Promise<void> {
  return new Promise((resolve) => {
    const hear = (message: { order?: string }): void => {
      if (message.order !== order) return
      owner.off('message', hear)
      resolve()
    }
    owner.on('message', hear)
  })
}

function orderOwner(order: string): Promise<void> {
  const done = said(order)
  owner.postMessage({ order })
  return done
}

describe('an owner that dies', () => {
  test('fails every call once, with what may have become of it, and keeps what it acknowledged', async () => {
    const calls = proofCount({ inTests: 10_000, inSoak: 100_000 })
    const made = Array.from({ length: calls }, (_, n) => adapter.idempotency.set(`k${n}`, n))
    const reads = Array.from({ length: 100 }, (_, n) => adapter.cache.get(`r${n}`))
    const settled = Promise.allSettled(made)
    await made[0]
    await owner.terminate()
    const results = await settled
    const lost = results.filter((one) => one.status === 'rejected').map(({ reason }) => reason)
    expect(lost.length).toBeGreaterThan(0)
    for (const error of lost) {
      expect(error).toMatchObject({ code: 'DISCONNECTED', operation: 'idempotency.set' })
      expect(error.retryable).toBe(error.outcome === 'none')
    }
    expect(new Set(lost.map(({ outcome }) => outcome))).toEqual(new Set(['none', 'unknown']))
    for (const one of await Promise.allSettled(reads)) {
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'DISCONNECTED', outcome: 'none' })
    }
    const file = await engine.SQLiteAdapter.open(path)
    const acknowledged = results.flatMap((one, n) => (one.status === 'fulfilled' ? [n] : []))
    for (const n of acknowledged) expect(await file.idempotency.get(`k${n}`), `k${n}`).not.toBe(null)
    for (const [n, one] of results.entries()) {
      const mayBe = one.status === 'fulfilled' || one.reason.outcome === 'unknown'
      if (!mayBe) expect(await file.idempotency.get(`k${n}`), `k${n} was not sent`).toBe(null)
    }
    await file.disconnect()
  }, 120_000)

  test('aborts the signals of its locks, and fails what comes later at once', async () => {
    const lock = await adapter.acquire('job', 600_000)
    const aborted = new Promise((resolve) => lock?.signal.addEventListener('abort', () => resolve(lock.signal.reason)))
    const load = adapter.cache.getOrSet('k', () => new Promise<never>(() => undefined))
    const failed = expect(load)
      .rejects.toMatchObject({ code: 'DISCONNECTED' })
      .catch((error: unknown) => error)
    expect(adapter.isConnected()).toBe(true)
    await owner.terminate()
    expect(await aborted).toMatchObject({ code: 'LOCK_LOST' })
    expect(adapter.isConnected()).toBe(false)
    await expect(adapter.cache.set('k', 1)).rejects.toMatchObject({
      code: 'DISCONNECTED',
      outcome: 'none',
      retryable: true,
    })
    await expect(adapter.acquire('job')).rejects.toMatchObject({ code: 'DISCONNECTED' })
    expect(await lock?.release()).toBe(false)
    expect(await lock?.extend(1_000)).toBe(false)
    expect(await lock?.isValid()).toBe(false)
    void failed
  }, 60_000)
})

describe('an owner that leaves', () => {
  test.each(['close', 'disconnect'])(
    'answers what has come, and refuses the rest: %s',
    async (order) => {
      const made = Array.from({ length: 2_000 }, (_, n) => adapter.idempotency.set(`k${n}`, n))
      const settled = Promise.allSettled(made)
      await made[0]
      await orderOwner(order)
      const results = await settled
      const refused = results.filter((one) => one.status === 'rejected').map(({ reason }) => reason)
      for (const error of refused) expect(error).toMatchObject({ code: 'DISCONNECTED', outcome: 'none' })
      await expect(adapter.cache.get('k')).rejects.toMatchObject({ code: 'DISCONNECTED', outcome: 'none' })
      if (order === 'close') await orderOwner('disconnect')
      const file = await engine.SQLiteAdapter.open(path)
      for (const [n, { status }] of results.entries()) {
        expect((await file.idempotency.get(`k${n}`)) !== null, `k${n}`).toBe(status === 'fulfilled')
      }
      await file.disconnect()
    },
    60_000,
  )
})
