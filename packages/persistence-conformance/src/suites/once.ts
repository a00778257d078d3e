import assert from 'node:assert/strict'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { eventually } from '../eventually.js'
import { held } from '../held.js'
import { pass } from '../passing-time.js'
import { realTimers } from '../real-timers.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'

const LEASE = { lease: 900 }

/** Work under way, which a test settles. */
interface Work {
  readonly call: Promise<string>
  readonly signal: AbortSignal
  readonly generation: number
  finish(value: string): void
  fail(error: unknown): void
}

/** Starts `once`, and returns when its work runs. */
async function started({ idempotency }: AdapterUnderTest, key: string, signal?: AbortSignal): Promise<Work> {
  return new Promise((running, refused) => {
    const call: Promise<string> = idempotency.once(
      key,
      (run) => new Promise<string>((finish, fail) => running({ call, ...run, finish, fail })),
      { ...LEASE, signal },
    )
    call.catch(refused)
  })
}

/** Asserts that a call of `once` rejects with its own name. */
async function refusesOnce(call: () => Promise<unknown>, code: string): Promise<void> {
  assert.equal((await refuses(call, { code })).operation, 'idempotency.once')
}

/** Work that must not run. */
const never = (): never => assert.fail('the work ran')

export const once: EngineSuite = engineSuite('work that runs once', (check) => {
  check('the work of a key runs once, and every connection gets its result', async (world) => {
    const one = (await world.adapter()).idempotency
    const two = (await world.second()).idempotency
    const made = { id: 7n }
    assert.equal(await one.once('k', async () => made), made)
    for (const store of [one, two]) assert.deepEqual(await store.once<unknown>('k', never), made)
    assert.equal(await one.once('nothing', () => undefined), undefined)
    assert.equal(await one.once('brief', () => 1, { ttl: 50, fingerprint: 'a' }), 1)
    await refusesOnce(() => two.once<unknown>('brief', never, { fingerprint: 'b' }), 'FINGERPRINT_MISMATCH')
    world.clock.advance(50)
    assert.equal(await two.once('brief', () => 2, { fingerprint: 'b' }), 2)
  })

  check('callers at the same time run the work once, and all get its result', async (world) => {
    const clock = realTimers(world.clock.now)
    const stores = [(await world.adapter({ clock })).idempotency, (await world.second({ clock })).idempotency]
    let runs = 0
    const calls = Array.from({ length: 20 }, (_, at) => stores[at % 2]?.once('k', async () => ++runs))
    assert.deepEqual(await Promise.all(calls), Array(20).fill(1))
  })

  check('a waiting caller gets the result at once, without the clock moving', async (world) => {
    const adapter = await world.adapter()
    const work = await started(adapter, 'k')
    const running = world.clock.pending
    const waiting = adapter.idempotency.once<unknown>('k', never)
    await eventually('it waits', () => world.clock.pending > running)
    work.finish('done')
    assert.deepEqual(await Promise.all([work.call, waiting]), ['done', 'done'])
  })

  check('work that fails frees the key at once, and the call rejects with its very error', async (world) => {
    const adapter = await world.adapter()
    const { idempotency } = adapter
    const error = new Error('declined')
    const rejected = async (call: Promise<unknown>) => assert.equal(await call.catch((reason) => reason), error)
    await rejected(
      idempotency.once('k', () => {
        throw error
      }),
    )
    const work = await started(adapter, 'k')
    const running = world.clock.pending
    const waiting = idempotency.once('k', () => 'the work of the next')
    await eventually('it waits', () => world.clock.pending > running)
    work.fail(error)
    await rejected(work.call)
    assert.equal(await waiting, 'the work of the next')
  })

  check('a failure that another caller kept rejects with its error, without a run', async (world) => {
    const { idempotency } = await world.adapter()
    await held(await idempotency.claim('k', { ...LEASE, onFailure: 'keep' })).fail(new RangeError('too much'))
    await assert.rejects(idempotency.once('k', never), new RangeError('too much'))
  })

  check('the key stays claimed beyond the lease while the work runs', async (world) => {
    const adapter = await world.adapter()
    const other = (await world.second()).idempotency
    const work = await started(adapter, 'k')
    await pass(world, adapter, 4_500)
    assert.equal(work.signal.aborted, false)
    assert.equal((await other.claim('k', LEASE)).state, 'running')
    work.finish('late')
    assert.equal(await work.call, 'late')
    assert.equal((await other.get('k'))?.value, 'late')
  })

  check('a lost claim aborts the work, and the result of the other caller counts', async (world) => {
    const adapter = await world.adapter()
    const other = (await world.second()).idempotency
    const lost = async (key: string): Promise<Work> => {
      const work = await started(adapter, key)
      await other.freeClaim(key, work.generation)
      await pass(world, adapter, 300)
      assert.equal((work.signal.reason as { code?: unknown }).code, 'CLAIM_LOST')
      return work
    }
    const completed = await lost('completed')
    await other.once('completed', () => 'of the other')
    completed.finish('late')
    assert.equal(await completed.call, 'of the other')
    const failed = await lost('failed')
    await held(await other.claim('failed', { ...LEASE, onFailure: 'keep' })).fail('of the other')
    failed.finish('late')
    await assert.rejects(failed.call, (error) => error === 'of the other')
    const unstored = await lost('unstored')
    await refuses(() => other.once('unstored', () => never), { code: 'RESULT_NOT_STORED' })
    unstored.finish('late')
    await refusesOnce(() => unstored.call, 'RESULT_NOT_STORED')
    const vacant = await lost('vacant')
    vacant.finish('late')
    await refusesOnce(() => vacant.call, 'CLAIM_LOST')
    assert.equal(await other.get('vacant'), null, 'a late result is not stored')
  })

  check('the result of work that outlasted its lease counts if no other caller has claimed the key', async (world) => {
    const adapter = await world.adapter()
    const work = await started(adapter, 'k')
    world.clock.jump(60_000)
    world.clock.advance(60_000)
    await eventually('the claim is lost', () => work.signal.aborted)
    work.finish('late')
    assert.equal(await work.call, 'late')
    assert.equal(await adapter.idempotency.once<unknown>('k', never), 'late')
  })

  check('the signal ends the wait and claims nothing', async (world) => {
    const adapter = await world.adapter()
    const work = await started(adapter, 'k')
    const running = world.clock.pending
    const controller = new AbortController()
    const waiting = adapter.idempotency.once('k', never, { signal: controller.signal })
    await eventually('it waits', () => world.clock.pending > running)
    const reason = new Error('enough')
    controller.abort(reason)
    await assert.rejects(waiting, reason)
    assert.equal(world.clock.pending, running, 'no timer is left')
    work.fail(reason)
    await assert.rejects(work.call, reason)
    await assert.rejects(adapter.idempotency.once('k', never, { signal: controller.signal }), reason)
    held(await adapter.idempotency.claim('k', LEASE))
  })

  check('the signal aborts the work with its reason, and work that finishes nevertheless counts', async (world) => {
    const adapter = await world.adapter()
    const reason = new Error('enough')
    for (const key of ['stops', 'finishes']) {
      const controller = new AbortController()
      const work = await started(adapter, key, controller.signal)
      controller.abort(reason)
      assert.equal(work.signal.reason, reason)
      if (key === 'stops') {
        work.fail(work.signal.reason)
        await assert.rejects(work.call, reason)
        held(await adapter.idempotency.claim(key, LEASE))
      } else {
        work.finish('done')
        assert.equal(await work.call, 'done')
        assert.equal((await adapter.idempotency.get(key))?.value, 'done')
      }
    }
  })

  check('a result that cannot be stored rejects, and the work is not done again', async (world) => {
    const { idempotency } = await world.adapter()
    await refusesOnce(() => idempotency.once('k', () => never), 'RESULT_NOT_STORED')
    await refusesOnce(() => idempotency.once('k', never), 'RESULT_NOT_STORED')
  })
})
