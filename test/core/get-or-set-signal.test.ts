import { setImmediate as nextTurn } from 'node:timers/promises'
import { ManualClock } from '@go-go-scope/persistence-conformance'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, expect, test } from 'vitest'
import { type GetOrSetOptions, SqliteAdapter } from '../../packages/shared/src/index.js'
import { deferred } from '../host/support/deferred.js'
import { databaseSyncDriver } from './database-sync-driver.js'

const adapters: SqliteAdapter[] = []

function opened() {
  const clock = new ManualClock()
  const handle = new DatabaseSync(':memory:')
  const adapter = () => {
    const made = new SqliteAdapter(handle, () => databaseSyncDriver(handle, () => undefined), { clock })
    adapters.push(made)
    return made.cache
  }
  return { cache: adapter(), twin: adapter(), clock }
}

afterEach(async () => {
  for (const adapter of adapters.splice(0)) await adapter.disconnect()
})

type Cache = ReturnType<typeof opened>['cache']

const reasonOf = (call: Promise<unknown>) =>
  call.then(
    (value) => expect.fail(`it got ${value}`),
    (reason: unknown) => reason,
  )

/** Asks for the key `k`, and returns when it loads. */
async function started(cache: Cache, options: GetOrSetOptions<string>) {
  const value = deferred<string>()
  const begun = deferred<AbortSignal>()
  const call = cache.getOrSet(
    'k',
    ({ signal }) => {
      begun.resolve(signal)
      return value.promise
    },
    options,
  )
  return { call, signal: await begun.promise, finish: value.resolve, fail: value.reject }
}

/** Asks for the key `k` while it loads, and returns when the call waits. */
async function joined(cache: Cache, signal?: AbortSignal): Promise<{ readonly call: Promise<string> }> {
  const call = cache.getOrSet('k', (): string => expect.fail('a second load'), { signal })
  // Its first look-up is answered before this one.
  await cache.get('none')
  await cache.get('none')
  return { call }
}

test('a caller that gives up does not affect the other callers of its load', async () => {
  const { cache, twin } = opened()
  const [first, second] = [new AbortController(), new AbortController()]
  const load = await started(cache, { signal: first.signal })
  const others = [await joined(twin), await joined(cache, second.signal)]
  first.abort('no time')
  expect(await reasonOf(load.call)).toBe('no time')
  load.finish('loaded')
  for (const { call } of others) expect(await call).toBe('loaded')
  second.abort()
  expect(load.signal.aborted).toBe(false)
  expect(await cache.get('k')).toBe('loaded')
})

test('the next caller loads again after a load that all callers gave up', async () => {
  const { cache } = opened()
  const caller = new AbortController()
  const load = await started(cache, { signal: caller.signal })
  caller.abort('no time')
  expect(await reasonOf(load.call)).toBe('no time')
  const next = cache.getOrSet('k', () => 'again')
  await cache.get('none')
  load.fail(load.signal.reason)
  expect(await next).toBe('again')
})

test('a caller whose adapter was disconnected meanwhile does not load again', async () => {
  const { cache, twin } = opened()
  const caller = new AbortController()
  const load = await started(cache, { signal: caller.signal })
  caller.abort('no time')
  expect(await reasonOf(load.call)).toBe('no time')
  const next = await joined(twin)
  const refused = reasonOf(next.call)
  const left = adapters[1]?.disconnect()
  load.fail(load.signal.reason)
  expect(await refused).toMatchObject({ code: 'CLOSED', operation: 'cache.getOrSet' })
  await left
})

test('a value that is loaded after all callers have given up is stored', async () => {
  const { cache } = opened()
  const caller = new AbortController()
  const load = await started(cache, { signal: caller.signal })
  caller.abort('no time')
  expect(await reasonOf(load.call)).toBe('no time')
  const next = await joined(cache)
  load.finish('late')
  expect(await next.call).toBe('late')
  expect(await cache.get('k')).toBe('late')
})

test('a caller that has given up before loads nothing, and gets what is cached', async () => {
  const { cache } = opened()
  const signal = AbortSignal.abort('no time')
  expect(await reasonOf((await joined(cache, signal)).call)).toBe('no time')
  await cache.set('k', 'cached')
  expect(await (await joined(cache, signal)).call).toBe('cached')
})

test.each([5, null, new AbortController(), { aborted: false }])(
  'a signal that is none is refused before anything is loaded',
  async (signal) => {
    const call = opened().cache.getOrSet('k', () => expect.fail('it loads'), { signal: signal as never })
    await expect(call).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      operation: 'cache.getOrSet',
      message: expect.stringContaining('option signal must be an AbortSignal'),
    })
  },
)

test('a signal that takes no listener fails its call alone, also when the load fails later', async () => {
  const { cache } = opened()
  const value = deferred<string>()
  const signal = Object.assign(new AbortController().signal, {
    addEventListener: () => {
      throw new Error('no listener')
    },
  })
  await expect(cache.getOrSet('k', () => value.promise, { signal })).rejects.toThrow('no listener')
  // An unhandled rejection would fail the run.
  value.reject(new Error('no answer'))
  await nextTurn()
  expect(await cache.getOrSet('k', () => 'again')).toBe('again')
})

test('a refresh of a stale value is not stopped by a caller that gives up', async () => {
  const { cache, clock } = opened()
  await cache.set('k', 'old', 50)
  const refresh = await started(cache, { ttl: 50, staleWhileRevalidate: 50 })
  expect(await refresh.call).toBe('old')
  clock.advance(50)
  const caller = new AbortController()
  const late = await joined(cache, caller.signal)
  caller.abort('no time')
  expect(await reasonOf(late.call)).toBe('no time')
  expect(refresh.signal.aborted).toBe(false)
  const next = await joined(cache)
  refresh.finish('new')
  expect(await next.call).toBe('new')
})

test('a value keeps its type, also where the load takes a signal and the ttl depends on the value', async () => {
  const { cache } = opened()
  const load = async (signal?: AbortSignal) => ({ token: 'secret', expiresIn: signal?.aborted ? 1 : 100 })
  const byMember = await cache.getOrSet('k', ({ signal }) => load(signal), {
    ttl: (value: { expiresIn: number }) => value.expiresIn,
  })
  const inferred = await cache.getOrSet('k', ({ signal }) => load(signal), {
    ttl: ({ expiresIn }) => expiresIn,
  })
  expect([byMember.token, inferred.token, await cache.ttl('k')]).toEqual(['secret', 'secret', 100])
  // @ts-expect-error The ttl is for another type.
  await cache.getOrSet('k', () => load(), { ttl: (value: string) => value.length })
})

test.each(['begun', 'shared'])(
  'a load whose code has given up a load that it had %s is no circle for it',
  async (how) => {
    const { cache } = opened()
    const [caller, begun, givenUp, finished] = [new AbortController(), deferred(), deferred(), deferred()]
    const circle = async () => {
      begun.resolve(undefined)
      await givenUp.promise
      return `inner of ${await cache.getOrSet('outer', (): string => expect.fail('a second load'))}`
    }
    const first = how === 'shared' ? cache.getOrSet('inner', circle) : undefined
    if (first !== undefined) await begun.promise
    const reason = deferred<unknown>()
    const outer = cache.getOrSet('outer', async () => {
      reason.resolve(await reasonOf(cache.getOrSet('inner', circle, { signal: caller.signal })))
      await finished.promise
      return 'outer'
    })
    await begun.promise
    // Its look-ups are answered before these.
    for (let lookUps = 0; lookUps < 4; lookUps++) await cache.get('none')
    caller.abort('no time')
    expect(await reason.promise).toBe('no time')
    const inner = first ?? cache.getOrSet('inner', (): string => expect.fail('a second load'))
    await cache.get('none')
    givenUp.resolve(undefined)
    for (let lookUps = 0; lookUps < 4; lookUps++) await cache.get('none')
    finished.resolve(undefined)
    expect(await Promise.all([outer, inner])).toEqual(['outer', 'inner of outer'])
  },
)
