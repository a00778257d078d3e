import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import type { RemoteClient } from '../proof/remote/remote-client.js'
import { ServedFile } from '../proof/remote/served-file.js'

proveCell()

interface Loaded {
  readonly loads: number
  readonly values: unknown[]
}

describe('clients of one owner', () => {
  let file: ServedFile
  let clients: RemoteClient[]
  beforeAll(async () => {
    file = await ServedFile.open()
    clients = await file.clients('thread', 3)
  })
  afterAll(() => file[Symbol.asyncDispose]())

  test('exclude one another by locks in memory, under tokens that grow', async () => {
    const [one, two] = clients
    const tokens: number[] = []
    for (const client of [one, two, one]) {
      const { token } = (await client?.do<{ token: number }>('acquire', { key: 'job1', ttl: 60_000 })) ?? { token: 0 }
      tokens.push(token)
      for (const other of [one, two]) expect(await other?.do('acquire', { key: 'job1', ttl: 60_000 })).toBe(null)
      expect(await file.adapter.acquire('job1', 60_000)).toBe(null)
      expect(await client?.do('release', { key: 'job1' })).toBe(true)
    }
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b))
    expect(new Set(tokens).size).toBe(3)
  }, 60_000)

  test('are notified when they lose a lock', async () => {
    const [client] = clients
    await client?.do('acquire', { key: 'job2', ttl: 60_000 })
    const lost = client?.do<{ code: string }>('lostLock', { key: 'job2' })
    // Answered after the signal is observed, on the same channel.
    await client?.do('isValid', { key: 'job2' })
    await file.adapter.lock.forceRelease('job2')
    expect(await lost).toMatchObject({ code: 'LOCK_LOST', message: expect.stringContaining('force-released') })
    expect(await client?.do('isValid', { key: 'job2' })).toBe(false)
  }, 60_000)

  test('share one load of a key, whichever client asks', async () => {
    const asked = clients.map((client, at) =>
      client.do<Loaded>('load', { key: 'k3', value: `of ${at}`, callers: 50, ms: 20 }),
    )
    let own = 0
    const answers = await Promise.all([
      ...asked,
      ...Array.from({ length: 50 }, () => file.adapter.cache.getOrSet('k3', () => `own ${++own}`)),
    ])
    const loads = answers.reduce((sum, answer) => sum + (typeof answer === 'string' ? 0 : answer.loads), own)
    const values = answers.flatMap((answer) => (typeof answer === 'string' ? [answer] : answer.values))
    expect(loads).toBe(1)
    expect(values).toHaveLength(200)
    expect(new Set(values).size).toBe(1)
  }, 60_000)

  test('share one refresh of a stale value, and get that value meanwhile', async () => {
    const hour = 3_600_000
    const options = { ttl: hour, staleWhileRevalidate: hour }
    const { cache } = file.adapter
    await cache.set('k6', 'old', hour)
    let own = 0
    const asked = clients.map((client) =>
      client.do<Loaded>('load', { key: 'k6', value: 'new', callers: 20, ms: 100, options }),
    )
    const owned = Array.from({ length: 20 }, () =>
      cache.getOrSet(
        'k6',
        async () => {
          own++
          await new Promise((resolve) => setTimeout(resolve, 100))
          return 'new'
        },
        options,
      ),
    )
    const values = [...(await Promise.all(owned)), ...(await Promise.all(asked)).flatMap(({ values }) => values)]
    expect(new Set([...values, 'old', 'new'])).toEqual(new Set(['old', 'new']))
    expect(values).toContain('old')
    await vi.waitUntil(async () => (await cache.get('k6')) === 'new', { timeout: 30_000, interval: 5 })
    // A client's earlier messages arrive before its next answer.
    for (const client of clients) await client.do('get', { key: 'k6' })
    const loads = clients.flatMap(({ messages }) =>
      messages.filter(({ order, value }) => order === 'loading' && value === 'k6'),
    )
    expect(own + loads.length).toBe(1)
  }, 60_000)

  test('wait for each other’s locks in the memory of the owner', async () => {
    const [one, two, three] = clients
    const held = await file.adapter.lock.hold('job3')
    const waiting = [one, two, three].map((client) => client?.do('holdFor', { key: 'job3', ms: 1 }))
    await held?.release()
    expect(await Promise.all(waiting)).toEqual([true, true, true])
  }, 60_000)

  test('all get the error of a failed load, and nothing is stored', async () => {
    const [one, two] = clients
    const first = one?.do<Loaded>('load', { key: 'k4', value: 1, ms: 200, fails: true })
    await one?.said('loading', 'k4')
    const second = two?.do<Loaded>('load', { key: 'k4', value: 2, callers: 3, ms: 1 })
    const own = file.adapter.cache.getOrSet('k4', () => 'own').catch((error: unknown) => error)
    const failed = { name: 'TypeError', code: 'E_LOAD', message: 'the load failed' }
    expect((await first)?.values).toEqual([failed])
    const { loads = -1, values = [] } = (await second) ?? {}
    // A caller that asks after the load has failed begins its own.
    if (loads === 0) expect(values).toEqual([failed, failed, failed])
    expect(await own).toMatchObject(loads === 0 ? failed : {})
  }, 60_000)

  test('do not store a load that a write or delete of another client overtook', async () => {
    const [one, two] = clients
    const load = one?.do<Loaded>('load', { key: 'k5', value: 'stale', ms: 300 })
    await one?.said('loading', 'k5')
    await two?.do('delete', { key: 'k5' })
    expect((await load)?.values).toEqual(['stale'])
    expect(await file.adapter.cache.get('k5')).toBe(null)
    expect(await two?.do('get', { key: 'k5' })).toBe(null)
  }, 60_000)

  test('do not store a load that a clear overtook, by the key order of the database, not that of JavaScript', async () => {
    const [one, two] = clients
    // In the database the first name after all that begin with U+FFFF is U+10000, which JavaScript sorts before it.
    const load = one?.do<Loaded>('load', { key: '\uFFFFk', value: 'stale', ms: 300 })
    await one?.said('loading', '\uFFFFk')
    await two?.do('clear', { startsWith: '\uFFFF' })
    expect((await load)?.values).toEqual(['stale'])
    expect(await file.adapter.cache.get('\uFFFFk')).toBe(null)
  }, 60_000)

  test('are refused loads that ask for each other’s key', async () => {
    const [one, two] = clients
    const asked = [
      one?.do('loadThrough', { key: 'c1', through: 'c2', ms: 200 }),
      two?.do('loadThrough', { key: 'c2', through: 'c1', ms: 200 }),
    ]
    const settled = await Promise.allSettled(asked)
    for (const { status } of settled) expect(status).toBe('rejected')
    const [first] = settled as PromiseRejectedResult[]
    expect(first?.reason).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('asks for') })
  }, 60_000)

  test('are notified of every change of a circuit once, in one order, like the owner', async () => {
    const own: number[] = []
    file.adapter.circuitBreaker.subscribe('api', ({ failureCount }) => own.push(failureCount))
    await Promise.all(clients.map((client) => client.do('subscribe', { key: 'api' })))
    // Answered after the subscription, on the same channel.
    await Promise.all(clients.map((client) => client.do('get', { key: 'none' })))
    const changes = Array.from({ length: 10 }, (_, at) => [
      ...clients.map((client) => client.do('recordFailure', { key: 'api', max: 1_000 })),
      ...(at % 2 === 0 ? [file.adapter.recordFailure('api', 1_000)] : []),
    ]).flat()
    await Promise.all(changes)
    const all = Array.from({ length: changes.length }, (_, at) => at + 1)
    expect(own).toEqual(all)
    for (const client of clients) {
      await client.do('get', { key: 'none' })
      expect(await client.do('notified')).toEqual(all)
    }
  }, 60_000)

  test('wake one another when a claim ends', async () => {
    const [one] = clients
    const claim = await file.adapter.idempotency.claim('k7', { lease: 60_000 })
    const before = performance.now()
    const waiting = file.adapter.idempotency.claim('k7', { lease: 1_000, wait: 30_000 })
    expect(await one?.do('claim', { key: 'k7', lease: 1_000 })).toBe('running')
    if (claim.state === 'claimed') await claim.complete('done')
    expect(await waiting).toMatchObject({ state: 'completed', value: 'done' })
    expect(performance.now() - before).toBeLessThan(20_000)
  }, 60_000)

  test('see a write that was acknowledged to another client', async () => {
    const [one, two] = clients
    for (let n = 0; n < 20; n++) {
      await one?.do('set', { key: 'k9', value: n })
      expect(await two?.do('get', { key: 'k9' })).toBe(n)
    }
  }, 60_000)

  test('are listed by the server until they disconnect', async () => {
    const one = await file.client('thread')
    await one.do('acquire', { key: 'job10', ttl: 60_000 })
    const listed = file.server.clients()
    expect(listed).toHaveLength(4)
    expect(file.adapter.inspect().clients()).toEqual(listed)
    expect(listed.at(-1)?.locks).toBe(1)
    for (const { lag, calls } of listed) {
      expect(lag).toBeGreaterThanOrEqual(0)
      // Also of clients with a subscription, because the owner polls for them.
      expect(calls).toBe(0)
    }
    await one.do('disconnect')
    expect(file.server.clients()).toHaveLength(3)
    expect(file.adapter.inspect().clients()).toHaveLength(3)
    expect(await file.adapter.acquire('job10', 60_000), 'its locks are free when it has disconnected').not.toBe(null)
  }, 60_000)
})
