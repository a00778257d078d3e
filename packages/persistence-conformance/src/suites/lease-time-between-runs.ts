import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { ManualClock } from '../manual-clock.js'
import { forAll } from '../property.js'
import { realTimers } from '../real-timers.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

const TTL = 60_000
const HOUR = 3_600_000
const DAY = 24 * HOUR

/** The machine: its wall clock, as seen by a process that never restarts. */
type Machine = Pick<World, 'clock'>

/** The clock of a process that starts now: it reads the wall clock and has no memory of earlier times. */
function freshClock({ clock }: Machine): ManualClock {
  const fresh = new ManualClock()
  fresh.jump(clock.now() - fresh.now())
  return fresh
}

interface Got {
  lock: boolean
  claim: boolean
}

/** A program as cron starts it: it tries once, and ends without releasing what it was granted. */
async function run(world: World, ttl = TTL, path?: string, name = 'job'): Promise<Got> {
  await world.makeFile(path)
  const adapter = await world.engine.SQLiteAdapter.open(path ?? world.path, {
    locks: 'database',
    // Real timers, because contending runs wait. Each run reads the wall clock and has no memory of earlier times.
    clock: { ...realTimers(world.clock.now), monotonic: world.clock.monotonic },
  })
  const lock = await adapter.lock.acquire(name, ttl)
  const claim = await adapter.idempotency.claim(name, { lease: ttl })
  await adapter.disconnect()
  return { lock: lock !== null, claim: claim.state === 'claimed' }
}

const BOTH: Got = { lock: true, claim: true }
const NEITHER: Got = { lock: false, claim: false }

/** Leaves a lock and a claim of a process that died while the wall clock was `ahead` ms ahead. */
async function diedAhead(world: World, ahead: number, ttl = TTL): Promise<void> {
  world.clock.jump(ahead)
  assert.deepEqual(await run(world, ttl), BOTH)
  world.clock.jump(-ahead)
}

/** A separate process that keeps running. */
function staying(world: World, clock: ManualClock = freshClock(world)): Promise<AdapterUnderTest> {
  return world.openMade({ locks: 'database', clock })
}

export const leaseTimeBetweenRuns: EngineSuite = engineSuite('time of leases for programs that try once', (check) => {
  check(
    'a lock of a dead process is free one lease after the first try, however wrong its clock was',
    async (world) => {
      for (const ahead of [HOUR, 365 * DAY]) {
        await diedAhead(world, ahead)
        assert.deepEqual(await run(world), NEITHER)
        world.clock.advance(TTL - 1)
        assert.deepEqual(await run(world), NEITHER)
        world.clock.advance(1)
        assert.deepEqual(await run(world), BOTH)
        world.clock.jump(2 * 365 * DAY)
      }
    },
  )

  check('a lease that is longer than the clock was set back ends at its own end', async (world) => {
    await diedAhead(world, HOUR, 3 * HOUR)
    for (const waited of [0, 1, 2]) {
      assert.deepEqual(await run(world, TTL), NEITHER, `after ${waited} hours`)
      world.clock.advance(HOUR)
    }
    assert.deepEqual(await run(world, TTL), BOTH)
  })

  check('a holder that renews never loses the lock to tries of others', async (world) => {
    const clock = freshClock(world)
    const holder = await staying(world, clock)
    const lock = await holder.lock.acquire('job', TTL)
    const claim = await holder.idempotency.claim('job', { lease: TTL })
    for (const machine of [world.clock, clock]) machine.jump(-HOUR)
    for (let half = 0; half < 8; half++) {
      assert.deepEqual(await run(world), NEITHER)
      for (const machine of [world.clock, clock]) machine.advance(TTL / 2)
      assert.deepEqual(await run(world), NEITHER)
      assert.equal(await lock?.extend(TTL), true)
      assert.equal(claim.state === 'claimed' && (await claim.renew()), true)
    }
  })

  check('a lease that was granted after a try is not ended by time from before it', async (world) => {
    await diedAhead(world, HOUR)
    // Suspended meanwhile: its own clock stands still.
    const late = await staying(world)
    world.clock.advance(10 * TTL)
    assert.deepEqual(await run(world), BOTH)
    world.clock.advance(5 * TTL)
    const lock = await late.lock.acquire('late', TTL)
    assert.equal((await late.idempotency.claim('late', { lease: TTL })).state, 'claimed')
    assert.deepEqual(await run(world, TTL, world.path, 'late'), NEITHER)
    assert.equal(await lock?.extend(TTL), true)
    assert.deepEqual(await run(world, TTL, world.path, 'late'), NEITHER)
    world.clock.advance(TTL)
    assert.deepEqual(await run(world, TTL, world.path, 'late'), BOTH)
  })

  check('a clock that is set back again costs the time since the last try', async (world) => {
    await diedAhead(world, HOUR)
    assert.deepEqual(await run(world), NEITHER)
    world.clock.advance(TTL / 2)
    assert.deepEqual(await run(world), NEITHER)
    world.clock.advance(TTL / 4)
    world.clock.jump(-HOUR)
    assert.deepEqual(await run(world), NEITHER)
    world.clock.advance(TTL / 2)
    assert.deepEqual(await run(world), BOTH)
  })

  check('a clock that started in 1970 and was corrected leaves nothing behind', async (world) => {
    assert.deepEqual(await run(world), BOTH)
    const past = world.clock.now()
    world.clock.jump(-past)
    assert.deepEqual(await run(world), NEITHER)
    world.clock.jump(past)
    world.clock.advance(TTL)
    assert.deepEqual(await run(world), BOTH)
    const [row] = await world.rows('SELECT clock FROM go_goscope_lock_counter')
    assert.equal(row?.clock, world.clock.now(), 'the file goes by the wall clock')
  })

  check('one of several programs that try at once gets a free lock, and tokens keep growing', async (world) => {
    await diedAhead(world, HOUR)
    await Promise.all([run(world), run(world), run(world)])
    world.clock.advance(TTL)
    const got = await Promise.all([run(world), run(world), run(world)])
    assert.equal(got.filter(({ lock }) => lock).length, 1)
    assert.equal(got.filter(({ claim }) => claim).length, 1)
    const [row] = await world.rows('SELECT token FROM go_goscope_locks')
    assert.equal(Number(row?.token), 2)
  })

  check('a grant at the stored time removes the recorded tries, also by an earlier release', async (world) => {
    await diedAhead(world, HOUR)
    const records = () => world.rows('SELECT mark FROM go_goscope_lease_time')
    const [{ clock, token } = {}] = await world.rows('SELECT clock, token FROM go_goscope_lock_counter')
    const grants: readonly (readonly [sql: string, params: (string | number)[]])[] = [
      ['INSERT INTO go_goscope_locks VALUES (?, ?, ?, 1, ?, ?)', ['x', 'o', Number(token) + 1, 9e15, Number(clock)]],
      ['UPDATE go_goscope_locks SET marked_at = ?', [Number(clock)]],
      [
        'INSERT INTO go_goscope_claims (key, owner, granted_at, expires_at) VALUES (?, ?, ?, ?)',
        ['x', 'o', Number(clock), 9e15],
      ],
      ['UPDATE go_goscope_claims SET granted_at = ?', [Number(clock)]],
    ]
    for (const [sql, params] of grants) {
      assert.deepEqual(await run(world), NEITHER)
      assert.equal((await records()).length, 1)
      await world.rows(sql, params)
      assert.equal((await records()).length, 0, sql)
    }
  })

  check('any runs under any changes of the clock keep a lease to its time', async (world) => {
    let file = 0
    // Whole seconds, because a clock that is set back by less than 100 ms can be taken for a slow statement.
    const seconds = (min: number, max: number) => fc.integer({ min, max }).map((count) => count * 1_000)
    const ms = seconds(1, 40)
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('run' as const), ms }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('advance' as const), ms }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('jump' as const), ms: seconds(-90, 10) }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('jump' as const), ms: seconds(-3_600, -1) }),
      },
    )
    await forAll(fc.array(step, { minLength: 4, maxLength: 20, size: 'max' }), 60, async (steps) => {
      const path = `${world.path}-${file++}`
      // The last grant: its lease, its age, and by how much the clock was set forward since, in ms.
      let lease = 0
      let age = 0
      let forward = 0
      // Real ms since the first attempt after the last grant and the last set-back; undefined before that attempt.
      let watched: number | undefined
      for (const [index, { do: what, ms }] of steps.entries()) {
        if (what === 'advance') {
          world.clock.advance(ms)
          age += ms
          if (watched !== undefined) watched += ms
        } else if (what === 'jump') {
          world.clock.jump(ms)
          forward += Math.max(0, ms)
          if (ms < 0) watched = undefined
        } else {
          const got = await run(world, ms, path)
          const context = `step ${index}: lease ${lease}, granted ${age} ms ago, watched for ${watched} ms`
          if (got.lock || got.claim) {
            assert.ok(age + forward >= lease, `granted too early: ${context}`)
          }
          if (watched !== undefined && watched >= lease) assert.deepEqual(got, BOTH, `not granted: ${context}`)
          assert.equal(got.lock, got.claim, context)
          if (got.lock) {
            lease = ms
            age = 0
            forward = 0
            watched = undefined
          } else watched ??= 0
        }
      }
    })
  })
})
