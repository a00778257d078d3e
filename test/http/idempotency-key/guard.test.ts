import { idempotent } from '@go-go-scope/idempotency-key'
import type { ClaimedKey } from '@go-go-scope/persistence-core/ports'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { clock, guarded, request, store } from './requests.js'

afterEach(() => {
  vi.useRealTimers()
})

/** Returns the store with another `claim`. */
function withClaim(claim: typeof store.claim): typeof store {
  return Object.assign(Object.create(store), { claim })
}

/** Returns the store with claims that `change` has changed. */
function withChangedClaims(change: (claimed: ClaimedKey<unknown>) => void): typeof store {
  return withClaim(async (...args: Parameters<typeof store.claim>) => {
    const claim = await store.claim(...args)
    if (claim.state === 'claimed') change(claim)
    return claim as never
  })
}

/** Lets `leases` leases of 30 s pass, with their renewals. */
async function pass(leases: number): Promise<void> {
  for (let step = 0; step < 3 * leases; step++) {
    clock.advance(10_000)
    await vi.advanceTimersByTimeAsync(10_000)
  }
}

class Busy extends Error {
  readonly retryable = true
}

describe('the key in the header', () => {
  /** Returns the key that the store receives. */
  async function keyIn(header: string): Promise<unknown> {
    let seen: unknown
    const claim = async (key: string) => {
      seen = JSON.parse(key.replace('http:', ''))[1]
      return { state: 'running', until: 0 } as never
    }
    const response = await guarded(() => new Response(), { store: withClaim(claim) })(request(header))
    return response.status === 400 ? 'malformed' : seen
  }

  test.each([
    ['8e03978e-40d5-43e8-bc93-6894a57f9324', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
    ['"8e03978e-40d5-43e8-bc93-6894a57f9324"', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
    ['"with spaces, and a comma"', 'with spaces, and a comma'],
    [String.raw`"a \"quote\" and a \\"`, String.raw`a "quote" and a \ `.trim()],
    ['"key";with=parameters;more="a, b"', 'key'],
    [`"${'x'.repeat(255)}"`, 'x'.repeat(255)],
    ['a/b:c+d=', 'a/b:c+d='],
  ])('%s is %s', async (header, key) => {
    expect(await keyIn(header)).toBe(key)
  })

  test.each([
    '""',
    '"unfinished',
    '"one", "two"',
    'one, two',
    'one,two',
    'with spaces',
    String.raw`"a \bad escape"`,
    '"a"quote"',
    `"${'x'.repeat(256)}"`,
    'x'.repeat(256),
    'Schlüssel',
    `"key"${';'.repeat(60)},`,
    `"key"${';a="b"'.repeat(60)}"`,
  ])('%s is malformed', async (header) => {
    expect(await keyIn(header)).toBe('malformed')
  })

  test('the same key in quotes and without is the same key', async () => {
    const handle = guarded(() => new Response('once'))
    await handle(request('"key"'))
    expect((await handle(request('key'))).headers.get('idempotency-replayed')).toBe('true')
  })

  test('different pairs of user and key are different keys, however they are spelled', async () => {
    const runs: string[] = []
    const of = (user: string) => idempotent(() => new Response(String(runs.push(user))), { store, scope: () => user })
    await of('a","b')(request('c'))
    await of('a')(request(String.raw`"b\",\"c"`))
    await of('a:b')(request('c'))
    await of('a')(request('b:c'))
    expect(runs).toEqual(['a","b', 'a', 'a:b', 'a'])
  })
})

describe('the lease', () => {
  test('is renewed while the handler runs, and not afterwards', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    let end = (): void => undefined
    const running = new Promise<void>((resolve) => {
      end = resolve
    })
    const renewed: number[] = []
    const counted = withChangedClaims((claimed) => {
      const renew = claimed.renew.bind(claimed)
      claimed.renew = (lease) => {
        renewed.push(clock.now())
        return renew(lease)
      }
    })
    const handler = async () => {
      await running
      return new Response('done')
    }
    const handle = guarded(handler, { store: counted, lease: 30_000 })
    const first = handle(request())
    await expect.poll(() => vi.getTimerCount()).toBe(1)
    await pass(4)
    expect(renewed).toHaveLength(12)
    expect((await handle(request())).status, 'two minutes later').toBe(409)
    end()
    expect(await (await first).text()).toBe('done')
    expect(vi.getTimerCount()).toBe(0)
    expect((await handle(request())).headers.get('idempotency-replayed')).toBe('true')
  })

  test('is renewed while the store is too busy to record the response, until it has recorded it', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    let busy = true
    const store = withChangedClaims((claimed) => {
      const complete = claimed.complete.bind(claimed)
      claimed.complete = (value) => (busy ? Promise.reject(new Busy()) : complete(value))
    })
    const onProblem = vi.fn()
    const handle = guarded(() => new Response('paid'), { store, lease: 30_000, onProblem })
    expect(await (await handle(request())).text()).toBe('paid')
    await pass(5)
    expect(onProblem).toHaveBeenCalledOnce()
    expect((await handle(request())).status).toBe(409)
    busy = false
    await pass(1)
    expect((await handle(request())).headers.get('idempotency-replayed')).toBe('true')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('is not renewed for ever when the store stays too busy to record the response', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const store = withChangedClaims((claimed) => {
      claimed.complete = () => Promise.reject(new Busy())
    })
    let runs = 0
    const handle = guarded(() => new Response(String(++runs)), { store, lease: 30_000 })
    await handle(request())
    await pass(10)
    expect((await handle(request())).status).toBe(409)
    await pass(2)
    expect(vi.getTimerCount()).toBe(0)
    expect(await (await handle(request())).text()).toBe('2')
  })

  test('is renewed no longer when the store refuses the response for good, which is reported', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const errors = [new Busy(), new Error('too long')]
    const store = withChangedClaims((claimed) => {
      claimed.complete = () => Promise.reject(errors.shift())
    })
    const onProblem = vi.fn()
    await guarded(() => new Response('paid'), { store, lease: 30_000, onProblem })(request())
    expect(vi.getTimerCount()).toBe(1)
    await pass(1)
    expect(onProblem.mock.calls.map(([{ cause }]) => cause)).toEqual([new Busy(), new Error('too long')])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('does not keep the process alive by its renewal', async () => {
    const timers = vi.spyOn(globalThis, 'setInterval')
    let keepsAlive: unknown
    await guarded(() => {
      const timer = timers.mock.results[timers.mock.calls.findIndex(([, ms]) => ms === 10_000)]?.value as NodeJS.Timeout
      keepsAlive = timer.hasRef()
      return new Response()
    })(request())
    timers.mockRestore()
    expect(keepsAlive).toBe(false)
  })

  test('that was lost to a request that is still handled gives 409 instead of the response', async () => {
    let runs = 0
    const handle = guarded(async () => {
      if (++runs > 1) return new Promise<Response>(() => undefined)
      clock.advance(30_000)
      void handle(request())
      await expect.poll(() => runs).toBe(2)
      return new Response('first')
    })
    expect((await handle(request())).status).toBe(409)
  })

  test('is renewed no longer after a handler that throws', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const handle = guarded(() => {
      throw new Error('as planted')
    })
    await expect(handle(request())).rejects.toThrow('as planted')
    expect(vi.getTimerCount()).toBe(0)
  })
})

test('a response is stored for a day, or for the given ttl', async () => {
  let runs = 0
  const counted = () => new Response(String(++runs))
  const day = guarded(counted)
  const minute = guarded(counted, { ttl: 60_000 })
  await day(request())
  await minute(request())
  clock.advance(60_001)
  expect((await day(request())).headers.get('idempotency-replayed')).toBe('true')
  expect((await minute(request())).headers.get('idempotency-replayed')).toBeNull()
  clock.advance(24 * 60 * 60_000)
  expect((await day(request())).headers.get('idempotency-replayed')).toBeNull()
})

test('a request of Node is refused by an error that names what takes it', async () => {
  const ofNode = { method: 'POST', url: '/', headers: { 'idempotency-key': 'k' } }
  await expect(guarded(() => new Response())(ofNode as never)).rejects.toThrow(
    /takes a Request of fetch; .* \.\/express/,
  )
})

test('methods may be given in lower case', async () => {
  const handle = guarded(() => new Response(), { methods: ['put'] })
  expect((await handle(new Request('http://app.test/', { method: 'PUT' }))).status).toBe(400)
})

test('a key whose result the store could not hold is refused with 410', async () => {
  const scope = crypto.randomUUID()
  const claim = await store.claim(`http:${JSON.stringify([scope, 'key'])}`, { lease: 30_000 })
  if (claim.state !== 'claimed') throw new Error(claim.state)
  await expect(claim.complete(() => undefined)).rejects.toThrow()
  const handler = vi.fn()
  expect((await guarded(handler, { scope: () => scope })(request())).status).toBe(410)
  expect(handler).not.toHaveBeenCalled()
})

test('a response whose body has a reader is not kept', async () => {
  const handle = guarded(() => {
    const made = new Response('paid')
    made.body?.getReader()
    return made
  })
  expect((await handle(request())).status).toBe(200)
  expect((await handle(request())).status).toBe(410)
})

test('the fingerprint of a request can be chosen', async () => {
  const handle = guarded(() => new Response('ok'), {
    fingerprint: async (one) => JSON.parse(await one.clone().text()).id,
  })
  await handle(request('key', '{"id":"1","sent":"now"}'))
  expect((await handle(request('key', '{"id":"1","sent":"later"}'))).status).toBe(200)
  expect((await handle(request('key', '{"id":"2"}'))).status).toBe(422)
})

test('a request that is aborted while it waits claims nothing', async () => {
  const handle = guarded(() => new Promise(() => undefined), { wait: 60_000 })
  void handle(request())
  const controller = new AbortController()
  const waiting = handle(new Request(request(), { signal: controller.signal }))
  controller.abort(new Error('the client has gone'))
  await expect(waiting).rejects.toThrow('the client has gone')
})

test('a listener that throws changes nothing', async () => {
  const onProblem = () => {
    throw new Error('as planted')
  }
  const handle = guarded(() => new Response('too long'), { maxBody: 1, onProblem })
  expect(await (await handle(request())).text()).toBe('too long')
})

describe('options that cannot be used are refused', () => {
  test.each<[string, object, RegExp]>([
    ['no store', { store: undefined }, /pass option store: the idempotency of an adapter, got undefined/],
    ['an adapter as store', { store: {} }, /got an object without claim\(\)/],
    ['no scope', { scope: undefined }, /option scope must be a function that gives the id of the user/],
    ['a method alone', { methods: 'POST' }, /option methods must be an array/],
    ['a negative length', { maxBody: -1 }, /option maxBody must be a number of bytes/],
    ['no function for what is kept', { keep: true }, /option keep must be a function, got true/],
    ['no function for the fingerprint', { fingerprint: 'body' }, /option fingerprint must be a function, got "body"/],
    ['no function for problems', { onProblem: console }, /option onProblem must be a function/],
    ['a time to live as a text', { ttl: '1d' }, /option ttl must be a positive number of ms, got "1d"/],
    ['no lease at all', { lease: 0 }, /option lease must be a positive number of ms, got 0/],
    ['a negative wait', { wait: -1 }, /option wait must be a number of ms from 0, got -1/],
    ['a text for required', { required: 'no' }, /option required must be true or false, got "no"/],
    ['a name that is none', { leese: 1 }, /did you mean lease/],
  ])('%s', (_what, wrong, message) => {
    expect(() => guarded(() => new Response(), wrong)).toThrow(message)
  })
})
