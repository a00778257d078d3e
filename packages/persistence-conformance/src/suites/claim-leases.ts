import assert from 'node:assert/strict'
import { held } from '../held.js'
import { ManualClock } from '../manual-clock.js'
import { type EngineSuite, engineSuite } from '../suite.js'

const LEASE = { lease: 1_000 }

export const claimLeases: EngineSuite = engineSuite('leases of claims', (check) => {
  check('the key of a crashed claimant is free after its lease, with a greater generation', async (world) => {
    const one = (await world.adapter()).idempotency
    const two = (await world.second()).idempotency
    const crashed = held(await one.claim('k', LEASE))
    world.clock.advance(999)
    assert.equal((await two.claim('k', LEASE)).state, 'running')
    world.clock.advance(1)
    const next = held(await two.claim('k', LEASE))
    assert.ok(next.generation > crashed.generation)
    assert.notEqual(next.owner, crashed.owner)
  })

  check.inFile('a claimant whose clock was far ahead blocks its key for its lease, and no longer', async (world) => {
    const ahead = new ManualClock()
    ahead.jump(24 * 3_600_000)
    const crashed = (await world.adapter({ clock: ahead })).idempotency
    const { idempotency } = await world.second()
    held(await crashed.claim('k', LEASE))
    const meanwhile = await idempotency.claim('k', LEASE)
    assert.deepEqual(meanwhile, { state: 'running', until: world.clock.now() + 1_000 })
    world.clock.advance(1_000)
    await held(await idempotency.claim('k', LEASE)).complete('done')
    // Stored results still expire by the wall clock.
    await idempotency.set('old', 'value', 60_000)
    assert.equal((await idempotency.claim('old', LEASE)).state, 'completed')
  })

  check('generations grow over deleting, pruning and reopening', async (world) => {
    const first = await world.openMade()
    const generations = []
    const claim = held(await first.idempotency.claim('a', LEASE))
    generations.push(claim.generation)
    await claim.fail('no')
    generations.push(held(await first.idempotency.claim('b', { lease: 1 })).generation)
    await first.idempotency.delete('b')
    await first.disconnect()
    const second = await world.openMade()
    await second.prune()
    generations.push(held(await second.idempotency.claim('a', LEASE)).generation)
    assert.deepEqual(
      generations,
      [...new Set(generations)].toSorted((a, b) => a - b),
    )
  })

  check('a second report of a claim is refused and returns the first', async (world) => {
    const { idempotency } = await world.adapter()
    const claim = held(await idempotency.claim<number>('k', LEASE))
    const reports = await Promise.all([claim.complete(1), claim.complete(2), claim.fail('no')])
    assert.deepEqual(reports[0], { recorded: true })
    const current = { state: 'completed', value: 1, replay: true }
    assert.deepEqual(reports.slice(1), [
      { recorded: false, current },
      { recorded: false, current },
    ])
  })

  check('renew sets the end from now, by the claim’s lease or another', async (world) => {
    const { idempotency } = await world.adapter()
    const claim = held(await idempotency.claim('k', LEASE))
    world.clock.advance(600)
    assert.equal(await claim.renew(), true)
    assert.equal(claim.expiresAt, world.clock.now() + 1_000)
    world.clock.advance(800)
    assert.equal(await claim.renew(5_000), true)
    assert.deepEqual(await idempotency.claim('k', LEASE), { state: 'running', until: world.clock.now() + 5_000 })
    world.clock.advance(4_000)
    assert.deepEqual(await claim.complete(1), { recorded: true })
  })

  check('renew never rejects: lost, ended, disconnected or with a bad lease it returns false', async (world) => {
    const events: { type?: string; operation?: string }[] = []
    const one = await world.adapter({ onDiagnostic: (event) => events.push(event) })
    const bad = held(await one.idempotency.claim('bad', LEASE))
    assert.equal(await bad.renew(-1), false)
    assert.ok(events.some(({ type, operation }) => type === 'background-error' && operation === 'idempotency.renew'))
    assert.equal(await bad.renew(), true, 'a bad lease loses nothing')
    const ended = held(await one.idempotency.claim('ended', LEASE))
    await ended.complete(1)
    assert.equal(await ended.renew(), false)
    const lost = held(await one.idempotency.claim('lost', LEASE))
    world.clock.advance(1_000)
    assert.equal(await lost.renew(), false)
    const cut = held(await one.idempotency.claim('cut', LEASE))
    await one.disconnect()
    assert.equal(await cut.renew(), false)
  })

  check('the signal aborts a margin before the lease is over, and moves with a renewal', async (world) => {
    const { idempotency } = await world.adapter()
    const claim = held(await idempotency.claim('k', LEASE))
    const { signal } = claim
    world.clock.advance(899)
    assert.equal(signal.aborted, false)
    assert.equal(await claim.renew(), true)
    world.clock.advance(899)
    assert.equal(signal.aborted, false)
    world.clock.advance(1)
    assert.equal(signal.aborted, true)
    assert.equal((signal.reason as { code?: string }).code, 'CLAIM_LOST')
    assert.equal(await claim.renew(), false, 'who was told to stop cannot go on')
    assert.deepEqual(await claim.complete(1), { recorded: true }, 'but what is done within the lease counts')
  })

  check.inFile('the signal of a claim aborts soon after the machine was suspended past the lease', async (world) => {
    const { idempotency } = await world.adapter()
    const { signal } = held(await idempotency.claim('k', { lease: 60_000 }))
    const renewed = held(await idempotency.claim('renewed', { lease: 60_000 }))
    const later = renewed.signal
    world.clock.jump(50_000)
    assert.equal(await renewed.renew(60_000), true)
    world.clock.advance(9_000)
    assert.deepEqual([signal.aborted, later.aborted], [true, false])
    // 51 s were left: it aborts within a second and a tenth of them.
    world.clock.jump(60_000)
    world.clock.advance(6_100)
    assert.equal(later.aborted, true)
  })

  check('the signal of a lost claim aborts, that of a completed one does not', async (world) => {
    const { idempotency } = await world.adapter()
    const pending = world.clock.pending
    const done = held(await idempotency.claim('done', LEASE))
    const { signal } = done
    await done.complete(1)
    assert.equal(world.clock.pending, pending, 'no timer is left')
    world.clock.advance(5_000)
    assert.equal(signal.aborted, false)
    const lost = held(await idempotency.claim('lost', LEASE))
    const watched = lost.signal
    await idempotency.set('lost', 1)
    assert.equal(await lost.renew(), false)
    assert.equal(watched.aborted, true)
    const late = held(await idempotency.claim('late', LEASE))
    world.clock.advance(5_000)
    assert.equal(late.signal.aborted, true, 'also when it is first asked for afterwards')
  })

  check('a paused process never takes its lease to end later than it does', async (world) => {
    const { idempotency } = await world.adapter({ clock: new ManualClock({ drags: true }) })
    const claim = held(await idempotency.claim('k', { lease: 60_000 }))
    const end = async () => Number((await world.rows('SELECT expires_at FROM go_goscope_claims'))[0]?.expires_at)
    assert.ok(claim.expiresAt <= (await end()), `${claim.expiresAt} after ${await end()}`)
    assert.equal(await claim.renew(), true)
    assert.ok(claim.expiresAt <= (await end()), `${claim.expiresAt} after ${await end()}`)
  })

  check('a process that is paused repeatedly does not get ahead of the clock', async (world) => {
    const clock = new ManualClock({ drags: true })
    const { idempotency } = await world.adapter({ clock })
    for (let key = 0; key < 50; key++) {
      await idempotency.claim(`k${key}`, LEASE)
      const [row] = await world.rows('SELECT max(granted_at) AS latest FROM go_goscope_claims')
      const now = clock.now()
      assert.ok(Number(row?.latest) <= now, `granted at ${row?.latest}, at ${now}`)
    }
  })

  check.inFile('a clock that is set back revives no lease', async (world) => {
    const one = (await world.adapter()).idempotency
    const two = (await world.second()).idempotency
    const dead = held(await one.claim('dead', LEASE))
    world.clock.advance(2_000)
    held(await two.claim('other', { lease: 60_000 }))
    world.clock.jump(-1_900)
    assert.equal(await dead.renew(), false)
    held(await two.claim('dead', LEASE))
    assert.equal((await dead.complete(1)).recorded, false)
  })

  check.inFile('a lease is over for its claimant once another process has stored a later time', async (world) => {
    const ahead = new ManualClock()
    ahead.jump(2_000)
    const one = (await world.adapter()).idempotency
    const other = (await world.second({ clock: ahead })).idempotency
    const renewed = held(await one.claim('renewed', LEASE))
    held(await other.claim('anything', LEASE))
    assert.equal(await renewed.renew(), false)
    held(await other.claim('renewed', LEASE))
    assert.equal((await renewed.complete(1)).recorded, false)
  })

  check('a claim whose lease is over by its own clock is not renewed, wherever the wall clock is', async (world) => {
    const { idempotency } = await world.adapter()
    const claim = held(await idempotency.claim('k', LEASE))
    world.clock.jump(-500)
    world.clock.advance(1_000)
    assert.equal(await claim.renew(), false)
  })

  check(
    'a claimant overtaken because the wall clock jumped is refused, also where its own clock did not jump',
    async (world) => {
      const one = (await world.adapter()).idempotency
      const two = (await world.second()).idempotency
      const overtaken = held(await one.claim<unknown>('k', { ...LEASE, onFailure: 'keep' }))
      const fingerprinted = held(await one.claim<unknown>('f', { ...LEASE, fingerprint: 'f' }))
      world.clock.jump(1_000)
      const next = held(await two.claim<unknown>('k', LEASE))
      held(await two.claim('f', { ...LEASE, fingerprint: 'f' }))
      const running = { recorded: false, current: { state: 'running', until: next.expiresAt } }
      assert.deepEqual(await overtaken.complete(1), running)
      assert.deepEqual(await overtaken.fail('no'), running)
      assert.equal(await overtaken.renew(), false)
      assert.deepEqual(await fingerprinted.complete(1), running)
      assert.deepEqual(await next.complete(2), { recorded: true })
    },
  )

  check('a clock that was once far ahead does not prolong leases by that much', async (world) => {
    const { idempotency } = await world.adapter()
    const day = 86_400_000
    world.clock.jump(day)
    await held(await idempotency.claim('ahead', LEASE)).fail('no')
    world.clock.jump(-day)
    held(await idempotency.claim('k', LEASE))
    world.clock.advance(1_000)
    held(await idempotency.claim('k', LEASE))
  })

  check('pruning removes dead claims and expired failures, and counts results only', async (world) => {
    const adapter = await world.adapter()
    const { idempotency } = adapter
    held(await idempotency.claim('dead', { lease: 10 }))
    const alive = held(await idempotency.claim<number>('alive', LEASE))
    await held(await idempotency.claim('failed', { ...LEASE, onFailure: 'keep', ttl: 10 })).fail('no')
    await held(await idempotency.claim('kept', { ...LEASE, onFailure: 'keep' })).fail('no')
    await held(await idempotency.claim('result', { ...LEASE, ttl: 10, fingerprint: 'f' })).complete(1)
    world.clock.advance(11)
    assert.deepEqual(await adapter.prune(), { cache: 0, idempotency: 1 })
    const keys = async (table: string) => (await world.rows(`SELECT key FROM ${table}`)).map(({ key }) => key)
    assert.deepEqual(await keys('go_goscope_claims'), ['alive'])
    assert.deepEqual(await keys('go_goscope_claim_records'), ['kept'])
    assert.deepEqual(await alive.complete(1), { recorded: true })
  })

  check('dead claims do not accumulate', async (world) => {
    const { idempotency } = await world.adapter()
    const together = 5
    for (let at = 0; at < 500; at += together) {
      const keys = Array.from({ length: together }, (_, more) => `k${at + more}`)
      for (const claim of await Promise.all(keys.map((key) => idempotency.claim(key, { lease: 1 })))) held(claim)
      world.clock.advance(60_000)
    }
    const [row] = await world.rows('SELECT count(*) AS claims FROM go_goscope_claims')
    assert.ok(Number(row?.claims) < 200, `${row?.claims} claims`)
  })
})
