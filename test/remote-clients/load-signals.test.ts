import { connectRemote, serve } from '@go-go-scope/persistence-core/remote'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { answersTo, greeting } from '../proof/remote/raw-client.js'
import { serveForEachTest } from '../proof/remote/served-adapter.js'

proveCell()

const served = serveForEachTest()
type Remote = Awaited<ReturnType<typeof connectRemote>>
type Cache = Pick<Remote['cache'], 'get' | 'getOrSet'>

const never = (): never => {
  throw new Error('a second load')
}

describe('getOrSet of several clients, with signals', () => {
  let [one, two]: [one?: Remote, two?: Remote] = []
  beforeEach(async () => {
    one = await connectRemote(served.port())
    two = await connectRemote(served.port())
  })
  afterEach(async () => {
    await Promise.all([one?.disconnect(), two?.disconnect()])
  })

  /** The owner has read what was sent. */
  const hasRead = async () => {
    for (let turns = 0; turns < 5; turns++) {
      for (const adapter of [one, two, served.adapter]) await adapter?.cache.get('none')
    }
  }

  /** Asks for the key `k`, and returns when it loads. */
  async function started(cache: Cache, signal?: AbortSignal) {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const begun = Promise.withResolvers<AbortSignal>()
    const load = (run: { readonly signal: AbortSignal }) => {
      begun.resolve(run.signal)
      return promise
    }
    const call = cache.getOrSet('k', load, { signal }).catch((error: unknown) => error)
    return { call, signal: await begun.promise, finish: resolve, fail: reject }
  }

  test.each(['a client', 'the owner'])('%s whose callers have given up passes the load on', async (who) => {
    const caller = new AbortController()
    const load = await started(who === 'the owner' ? served.adapter.cache : (one as Remote).cache, caller.signal)
    const next = (two as Remote).cache.getOrSet('k', () => 'loaded by the next')
    await hasRead()
    caller.abort('no time')
    expect([await load.call, load.signal.reason]).toEqual(['no time', 'no time'])
    load.fail(load.signal.reason)
    expect(await next).toBe('loaded by the next')
  })

  test('a caller that gives up does not affect the load of another client, nor those that share its failure', async () => {
    const load = await started((one as Remote).cache)
    const callers = [(two as Remote).cache, served.adapter.cache].map((cache) => {
      const caller = new AbortController()
      const call = (cache as Cache).getOrSet('k', never, { signal: caller.signal }).catch((error: unknown) => error)
      return { caller, call }
    })
    await hasRead()
    for (const { caller, call } of callers) {
      caller.abort('no time')
      expect(await call).toBe('no time')
    }
    const third = await connectRemote(served.port())
    const other = third.cache.getOrSet('k', never)
    await third.cache.get('none')
    await hasRead()
    expect(load.signal.aborted).toBe(false)
    const failure = new Error('no answer')
    load.fail(failure)
    await expect(other).rejects.toThrow('no answer')
    expect(await load.call).toBe(failure)
    await third.disconnect()
  })

  test('a caller that has given up before its turn loads nothing when it comes', async () => {
    const load = await started((one as Remote).cache)
    const caller = new AbortController()
    const given = (two as Remote).cache.getOrSet('k', never, { signal: caller.signal })
    const outcome = given.catch((error: unknown) => error)
    await hasRead()
    caller.abort('no time')
    expect(await outcome).toBe('no time')
    await (one as Remote).disconnect()
    load.fail(new Error('no answer'))
    await load.call
    expect(await (two as Remote).cache.getOrSet('k', () => 'again')).toBe('again')
  })

  test.each([
    ['that it began', 'client', 'client', false],
    ['of its own client', 'client', 'client', true],
    ['of another client', 'client', 'other', true],
    ['of its owner', 'client', 'owner', true],
    ['of another client, by a client of a client', 'behind', 'other', true],
    ['that it began, by a client of a client', 'behind', 'behind', false],
    ['of its own client, by a client of a client', 'behind', 'behind', true],
  ] as const)('a load whose code has given up a load %s is no circle for it', async (_, by, innerBy, isShared) => {
    const middle = await connectRemote(served.port())
    const server = serve(middle)
    const behind = await connectRemote(server.createPort())
    const caches = { client: one as Remote, other: two as Remote, owner: served.adapter, behind }
    const settle = async () => {
      for (const { cache } of [behind, middle, behind]) await cache.get('none')
      await hasRead()
    }
    const { cache } = caches[by]
    const [begun, givenUp, finished] = [1, 2, 3].map(() => Promise.withResolvers<void>())
    const inner = async () => {
      begun?.resolve()
      await givenUp?.promise
      return `inner of ${await caches[innerBy].cache.getOrSet('outer', never)}`
    }
    const first = isShared ? caches[innerBy].cache.getOrSet('inner', inner) : undefined
    if (first !== undefined) await begun?.promise
    const caller = new AbortController()
    const reason = Promise.withResolvers<unknown>()
    const outer = cache.getOrSet('outer', async () => {
      reason.resolve(await cache.getOrSet('inner', inner, { signal: caller.signal }).catch((error: unknown) => error))
      await finished?.promise
      return 'outer'
    })
    await begun?.promise
    await settle()
    caller.abort('no time')
    expect(await reason.promise).toBe('no time')
    const last = first ?? cache.getOrSet('inner', never)
    await settle()
    givenUp?.resolve()
    await settle()
    finished?.resolve()
    const outcomes = await Promise.allSettled([outer, last])
    expect(outcomes.map((outcome) => Object.values(outcome)[1])).toEqual(['outer', 'inner of outer'])
    await behind.disconnect()
    await server.close()
    await middle.disconnect()
  })

  test.each([
    ['has passed that load on', [21, 1]],
    ['has given it up', [27, 3]],
  ])('a wait of code of a load ends at the owner as soon as its client %s', async (_, end) => {
    const enter = (wait: number, key: string) => [18, wait, `go_goscope_cache\0cache:${key}`, key, 0]
    // This client has the loads 1 and 2, and the wait 3 of the code of 2 for 1; see protocol.ts.
    const messages = [...enter(1, 'k'), ...enter(2, 'm'), 26, 3, 1, 2, ...end]
    const raw = served.port()
    const said = answersTo(raw, ({ length }) => length >= 7, await greeting(served.port()), messages)
    const stillWaits = hasRead().then(() => 'still waits')
    expect(await Promise.race([said, stillWaits])).toEqual([14, 1, 14, 2, 15, 3, ''])
    raw.close()
  })

  test('a caller in the thread of an owner that is a client itself does not affect the load of its client', async () => {
    const middle = await connectRemote(served.port())
    const inner = serve(middle)
    const client = await connectRemote(inner.createPort())
    const hasReadAll = async () => {
      for (const adapter of [client, middle]) await adapter.cache.get('none')
      await hasRead()
    }
    const first = new AbortController()
    const load = await started((one as Remote).cache, first.signal)
    const begun = Promise.withResolvers<void>()
    const failing = Promise.withResolvers<string>()
    const failed = client.cache.getOrSet('k', () => {
      begun.resolve()
      return failing.promise
    })
    const expected = expect(failed).rejects.toThrow('no answer')
    await hasReadAll()
    const caller = new AbortController()
    const left = middle.cache.getOrSet('k', never, { signal: caller.signal }).catch((error: unknown) => error)
    await hasReadAll()
    caller.abort('no time')
    expect(await left).toBe('no time')
    first.abort('no time')
    load.fail(load.signal.reason)
    await begun.promise
    const others = [middle, two as Remote].map(({ cache }) =>
      expect(cache.getOrSet('k', never)).rejects.toThrow('no answer'),
    )
    await hasReadAll()
    failing.reject(new Error('no answer'))
    await Promise.all([expected, ...others])
    await client.disconnect()
    await inner.close()
    await middle.disconnect()
  })
})
