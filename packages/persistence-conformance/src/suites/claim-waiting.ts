import assert from 'node:assert/strict'
import { eventually } from '../eventually.js'
import { held } from '../held.js'
import { realTimers } from '../real-timers.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'

const LEASE = { lease: 60_000 }

export const claimWaiting: EngineSuite = engineSuite('waiting for a claim', (check) => {
  check('a waiter on the same handle is woken at once, without the clock moving', async (world) => {
    const { idempotency } = await world.adapter()
    const claim = held(await idempotency.claim<number>('k', LEASE))
    const idle = world.clock.pending
    const waiting = Array.from({ length: 5 }, () => idempotency.claim('k', { ...LEASE, wait: 10_000 }))
    await eventually('five wait', () => world.clock.pending >= idle + 5)
    await claim.complete(5)
    const replay = { state: 'completed', value: 5, replay: true }
    assert.deepEqual(await Promise.all(waiting), Array(5).fill(replay))
    assert.equal(world.clock.pending, idle, 'no timer is left')
  })

  check('after a failure exactly one waiter gets the key', async (world) => {
    const { idempotency } = await world.adapter()
    const claim = held(await idempotency.claim<number>('k', LEASE))
    const idle = world.clock.pending
    const states: string[] = []
    const waiting = Array.from({ length: 3 }, async () => {
      const next = await idempotency.claim<number>('k', { ...LEASE, wait: 10_000 })
      states.push(next.state)
      if (next.state === 'claimed') await next.complete(2)
    })
    await eventually('three wait', () => world.clock.pending >= idle + 3)
    await claim.fail('no')
    await Promise.all(waiting)
    assert.deepEqual(states, ['claimed', 'completed', 'completed'])
  })

  check('a result of another connection is found by polling', async (world) => {
    const clock = realTimers(world.clock.now)
    const one = (await world.adapter({ clock })).idempotency
    const two = (await world.second({ clock })).idempotency
    const claim = held(await one.claim<number>('k', LEASE))
    const waiting = two.claim('k', { ...LEASE, wait: 10_000 })
    await claim.complete(1)
    assert.deepEqual(await waiting, { state: 'completed', value: 1, replay: true })
  })

  check('a waiter gets the key of a crashed claimant when its lease is over', async (world) => {
    const { idempotency } = await world.adapter()
    const crashed = held(await idempotency.claim('k', { lease: 5 }))
    const idle = world.clock.pending
    let next: unknown
    const waiting = idempotency.claim('k', { ...LEASE, wait: 10_000 }).then((claim) => {
      next = held(claim)
    })
    await eventually('it waits', () => world.clock.pending > idle)
    world.clock.advance(5)
    await waiting
    assert.notEqual(next, undefined)
    assert.equal((await crashed.complete(1)).recorded, false)
  })

  check('a wait that times out returns running', async (world) => {
    const { idempotency } = await world.adapter({ random: () => 0.5 })
    const claim = held(await idempotency.claim('k', LEASE))
    const idle = world.clock.pending
    let answer: unknown
    const waiting = idempotency.claim('k', { ...LEASE, wait: 300 }).then((claim) => {
      answer = claim
    })
    const start = world.clock.now()
    while (answer === undefined) {
      await eventually('it waits or has ended', () => world.clock.pending > idle || answer !== undefined)
      if (answer === undefined) world.clock.advance(1)
      assert.ok(world.clock.now() - start <= 300)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await waiting
    assert.deepEqual(answer, { state: 'running', until: claim.expiresAt })
    assert.ok(world.clock.now() - start >= 299, `it waited ${world.clock.now() - start} ms`)
  })

  check('an aborted wait rejects with the reason of its signal, claims nothing and leaves no timer', async (world) => {
    const { idempotency } = await world.adapter()
    const claim = held(await idempotency.claim('k', LEASE))
    const idle = world.clock.pending
    const controller = new AbortController()
    const waiting = idempotency.claim('k', { ...LEASE, wait: 10_000, signal: controller.signal })
    await eventually('it waits', () => world.clock.pending > idle)
    const reason = new Error('enough')
    controller.abort(reason)
    await assert.rejects(waiting, reason)
    assert.equal(world.clock.pending, idle)
    await claim.fail('no')
    await assert.rejects(idempotency.claim('k', { ...LEASE, signal: controller.signal }), reason)
    held(await idempotency.claim('k', LEASE))
  })

  check('a signal that aborts while the claim is granted frees the key', async (world) => {
    const { idempotency } = await world.adapter()
    for (const onFailure of ['forget', 'keep'] as const) {
      const controller = new AbortController()
      const claiming = idempotency.claim('k', { ...LEASE, onFailure, signal: controller.signal })
      const reason = new Error('enough')
      controller.abort(reason)
      await assert.rejects(claiming, reason)
      const claim = held(await idempotency.claim('k', LEASE))
      await claim.fail('free again')
    }
  })

  check('a signal that is not aborted does not end a claim that was granted', async (world) => {
    const { idempotency } = await world.adapter()
    const controller = new AbortController()
    const claim = held(await idempotency.claim<number>('k', { ...LEASE, wait: 10, signal: controller.signal }))
    controller.abort()
    assert.deepEqual(await claim.complete(1), { recorded: true })
  })

  check('another fingerprint is refused at once, not after the wait', async (world) => {
    const { idempotency } = await world.adapter()
    held(await idempotency.claim('k', { ...LEASE, fingerprint: 'theirs' }))
    await refuses(() => idempotency.claim('k', { ...LEASE, fingerprint: 'mine', wait: 10_000 }), {
      code: 'FINGERPRINT_MISMATCH',
    })
  })

  check('disconnect rejects the waiting calls with CLOSED', async (world) => {
    const adapter = await world.adapter()
    held(await adapter.idempotency.claim('k', LEASE))
    const idle = world.clock.pending
    const waiting = adapter.idempotency.claim('k', { ...LEASE, wait: 10_000 })
    const refused = refuses(() => waiting, { code: 'CLOSED' })
    await eventually('it waits', () => world.clock.pending > idle)
    await adapter.disconnect()
    await refused
  })
})
