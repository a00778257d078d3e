import { type IdempotencyProblem, idempotent } from '@go-go-scope/idempotency-key'
import { idempotencyKey } from '@go-go-scope/idempotency-key/fastify'
import { idempotencyKey as forHono } from '@go-go-scope/idempotency-key/hono'
import fastify from 'fastify'
import { Hono } from 'hono'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type AdapterUnderTest, type Place, takePlace } from '../cell.js'
import { type Answer, type Options, type Server, servers } from './servers.js'

let place: Place
let adapter: AdapterUnderTest
beforeAll(async () => {
  place = await takePlace()
  adapter = await place.open()
})
afterAll(() => place?.[Symbol.asyncDispose]())

let newKeys = 0

describe.each(servers)('%s', (_name, serve) => {
  let server: Server | undefined
  /** The bodies that the handler received. */
  let runs: string[]
  let answer: (body: string) => Answer | Promise<Answer>
  let key: string
  let problems: IdempotencyProblem[]
  beforeEach(() => {
    runs = []
    problems = []
    key = `key-${newKeys++}`
    answer = (body) => ({ status: 201, headers: { 'content-type': 'application/json', location: '/1' }, body })
  })
  afterEach(async () => {
    await server?.[Symbol.asyncDispose]()
    server = undefined
  })

  async function post(path: string, init: RequestInit & { key?: string | null; user?: string } = {}, options = {}) {
    server ??= await serve(
      { store: adapter.idempotency, onProblem: (problem) => problems.push(problem), ...options } as Options,
      async (body) => {
        runs.push(body)
        return answer(body)
      },
    )
    const { key: ofRequest = key, user, headers, ...rest } = init
    return server.request(path, {
      method: 'POST',
      body: '{"amount":1}',
      ...rest,
      headers: {
        'content-type': 'text/plain',
        ...(ofRequest !== null && { 'idempotency-key': ofRequest }),
        ...(user && { 'x-user': user }),
        ...headers,
      },
    })
  }

  async function problemOf(response: Response) {
    expect(response.headers.get('content-type')).toContain('application/problem+json')
    const problem = (await response.json()) as { status: number; title: string }
    expect(problem.status).toBe(response.status)
    return `${response.status} ${problem.title}`
  }

  test('a repeated request is sent the response of the first, and is not handled', async () => {
    const first = await post('/payments?currency=eur')
    expect(first.status).toBe(201)
    expect(first.headers.get('idempotency-replayed')).toBeNull()
    expect(await first.text()).toBe('{"amount":1}')
    for (let repeat = 0; repeat < 2; repeat++) {
      const again = await post('/payments?currency=eur')
      expect(again.status).toBe(201)
      expect(again.headers.get('idempotency-replayed')).toBe('true')
      expect(again.headers.get('content-type')).toBe('application/json')
      expect(again.headers.get('location')).toBe('/1')
      expect(await again.text()).toBe('{"amount":1}')
    }
    expect(runs).toEqual(['{"amount":1}'])
  })

  test.each<[string, Answer]>([
    [
      'bytes that are no text',
      { status: 200, headers: { 'content-type': 'image/png' }, body: new Uint8Array([255, 0, 128]) },
    ],
    [
      'text with a mark at its beginning',
      { status: 200, headers: { 'content-type': 'text/plain' }, body: '\u{feff}Grüße 🙂' },
    ],
    ['no body', { status: 204, body: '' }],
    ['an empty body', { status: 200, headers: { 'content-type': 'text/plain' }, body: '' }],
    ['an error of the client', { status: 404, headers: { 'content-type': 'text/plain' }, body: 'no such order' }],
  ])('%s comes again as it was', async (_kind, made) => {
    answer = () => made
    const [first, again] = [await post('/'), await post('/')]
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    for (const response of [first, again]) {
      expect(response.status).toBe(made.status)
      expect(response.headers.get('content-type')).toBe(made.headers?.['content-type'] ?? null)
      expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from(made.body))
    }
    expect(runs).toHaveLength(1)
  })

  test('a cookie is sent with the first response only', async () => {
    answer = () => ({ status: 200, headers: { 'set-cookie': 'session=secret', 'x-trace': '1' }, body: 'ok' })
    expect((await post('/')).headers.get('set-cookie')).toBe('session=secret')
    const again = await post('/')
    expect(again.headers.get('set-cookie')).toBeNull()
    expect(again.headers.get('x-trace')).toBe('1')
  })

  test('a request without a key is refused, and so is one with a malformed key', async () => {
    expect(await problemOf(await post('/', { key: null }))).toBe('400 Idempotency-Key is missing')
    expect(await problemOf(await post('/', { key: 'one, two' }))).toBe('400 Idempotency-Key is malformed')
    expect(runs).toEqual([])
  })

  test('a request without a key is handled each time if the key is not required', async () => {
    for (let repeat = 0; repeat < 2; repeat++) {
      expect((await post('/', { key: null }, { required: false })).status).toBe(201)
    }
    expect(runs).toHaveLength(2)
  })

  test('methods that are idempotent by themselves are not guarded', async () => {
    for (let repeat = 0; repeat < 2; repeat++) expect((await post('/', { method: 'PUT' })).status).toBe(201)
    expect(runs).toHaveLength(2)
    expect((await post('/', { method: 'PATCH', key: null })).status).toBe(400)
  })

  test('while the first is handled, another is refused, or waits if the option allows it', async () => {
    let open = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    answer = async (body) => {
      await gate
      return { status: 201, body }
    }
    const first = post('/')
    await expect.poll(() => runs.length, { timeout: 20_000 }).toBe(1)
    expect(await problemOf(await post('/'))).toBe('409 A request is outstanding for this Idempotency-Key')
    await using patient = await serve({ store: adapter.idempotency, wait: 25_000 }, async () => {
      throw new Error('handled twice')
    })
    const waiting = patient.request('/', {
      method: 'POST',
      body: '{"amount":1}',
      headers: { 'idempotency-key': key, 'content-type': 'text/plain' },
    })
    open()
    expect((await first).status).toBe(201)
    const waited = await waiting
    expect([waited.status, waited.headers.get('idempotency-replayed')]).toEqual([201, 'true'])
    expect(runs).toHaveLength(1)
  })

  test.each<[string, string, RequestInit]>([
    ['another body', '/payments', { body: '{"amount":2}' }],
    ['another path', '/refunds', {}],
    ['another query', '/payments?currency=usd', {}],
    ['another method', '/payments', { method: 'PATCH' }],
  ])('a key that comes again with %s is refused', async (_what, path, init) => {
    await post('/payments')
    expect(await problemOf(await post(path, init))).toBe('422 Idempotency-Key is already used')
    expect(runs).toHaveLength(1)
  })

  test('the key of another user is another key', async () => {
    const ofAda = await post('/', { user: 'ada', body: 'of ada' })
    const ofBob = await post('/', { user: 'bob', body: 'of bob' })
    expect([await ofAda.text(), await ofBob.text()]).toEqual(['of ada', 'of bob'])
    expect(ofBob.headers.get('idempotency-replayed')).toBeNull()
  })

  test('a request without a user is not handled', async () => {
    const response = await post('/', {}, { user: () => '' })
    expect(response.status).toBe(500)
    expect(runs).toEqual([])
  })

  test.each<[string, () => Answer]>([
    [
      'throws',
      () => {
        throw new Error('as planted')
      },
    ],
    ['answers with an error of the server', () => ({ status: 503, body: 'try later' })],
  ])('after a handler that %s, the key is free', async (_what, failing) => {
    answer = failing
    expect((await post('/')).status).toBeGreaterThanOrEqual(500)
    answer = (body) => ({ status: 201, body })
    const again = await post('/')
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, null])
    expect(problems).toEqual([])
  })

  test('the option keep chooses the stored responses', async () => {
    answer = () => ({ status: 429, body: 'slow down' })
    await post('/', {}, { keep: ({ status }: { status: number }) => status < 400 })
    await post('/')
    expect(runs).toHaveLength(2)
  })

  test('a body that is too long is sent whole and not stored; the request is not handled again', async () => {
    const long = 'x'.repeat(100_000)
    answer = () => ({ status: 201, body: long })
    const first = await post('/', {}, { maxBody: 99_999 })
    expect(await first.text()).toBe(long)
    expect(await problemOf(await post('/'))).toBe('410 The response is not kept')
    expect(runs).toHaveLength(1)
    expect(problems).toEqual([expect.objectContaining({ type: 'response-not-stored', key: `http:["ada","${key}"]` })])
  })

  test('a response that breaks off is sent as far as it got; its request is not handled again', async () => {
    answer = (body) => ({ status: 201, body, breaksOff: true })
    const broken = await post('/')
      .then((response) => response.text())
      .catch(String)
    expect(broken).not.toBe('{"amount":1}')
    expect(await problemOf(await post('/'))).toBe('410 The response is not kept')
    expect(runs).toHaveLength(1)
    expect(problems).toEqual([expect.objectContaining({ type: 'response-not-stored' })])
  })

  test('if keep throws, the default decides, and the error is reported', async () => {
    const keep = () => {
      throw new Error('keep fails, as planted')
    }
    expect((await post('/', {}, { keep })).status).toBe(201)
    const again = await post('/')
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true'])
    expect(problems).toEqual([expect.objectContaining({ type: 'keep-failed', cause: expect.any(Error) })])
  })

  test('a body of exactly the maximum length is stored', async () => {
    answer = () => ({ status: 201, body: 'x'.repeat(100_000) })
    await post('/', {}, { maxBody: 100_000 })
    const again = await post('/')
    expect((await again.text()).length).toBe(100_000)
  })

  test('if another request has completed the key meanwhile, its response is sent', async () => {
    answer = async (body) => {
      const other = { status: 202, headers: [['x-of', 'the other']], body: 'of the other' }
      await adapter.idempotency.set(`http:["ada","${key}"]`, other)
      return { status: 201, headers: { 'x-own': '1' }, body }
    }
    const response = await post('/')
    expect(response.status).toBe(202)
    expect(response.headers.get('x-of')).toBe('the other')
    expect(response.headers.get('x-own')).toBeNull()
    expect(await response.text()).toBe('of the other')
    expect(problems).toEqual([expect.objectContaining({ type: 'claim-lost' })])
  })

  test('if the claim was lost and the key is free, the response is still sent', async () => {
    answer = async (body) => {
      await adapter.idempotency.set(`http:["ada","${key}"]`, 'other')
      await adapter.idempotency.delete(`http:["ada","${key}"]`)
      return { status: 201, body }
    }
    expect((await post('/')).status).toBe(201)
    expect(problems).toEqual([expect.objectContaining({ type: 'claim-lost' })])
  })

  test('without its store no request is handled', async () => {
    const closed = await place.open()
    await closed.disconnect()
    const response = await post('/', {}, { store: closed.idempotency })
    expect(response.status).toBe(500)
    expect(runs).toEqual([])
  })
})

test('a response that a Fastify handler hijacks is not stored; its request is not handled again', async () => {
  let runs = 0
  const app = fastify()
  await app.register(idempotencyKey, { store: adapter.idempotency, scope: () => 'ada' })
  app.post('/', async (_request, reply) => {
    runs++
    reply.hijack()
    reply.raw.writeHead(201).end('taken over')
  })
  const post = () => app.inject({ method: 'POST', url: '/', headers: { 'idempotency-key': `key-${newKeys}` } })
  expect((await post()).body).toBe('taken over')
  // The claim is settled after the response was sent, so the key is still claimed for a moment.
  await expect.poll(async () => (await post()).statusCode, { timeout: 20_000 }).toBe(410)
  expect(runs).toBe(1)
  await app.close()
})

test.each([
  [
    'a handler of fetch',
    (read: Response) => idempotent(async () => read, { store: adapter.idempotency, scope: () => 'ada' }),
  ],
  [
    'Hono',
    (read: Response) => {
      const app = new Hono()
      app.use(forHono({ store: adapter.idempotency, scope: () => 'ada' }))
      app.post('/', () => read)
      return async (request: Request) => app.fetch(request)
    },
  ],
])(
  '%s: a response whose body the handler has read is not kept; its request is not handled again',
  async (_name, serve) => {
    const key = `read-${newKeys++}`
    const post = () => new Request('http://localhost/', { method: 'POST', headers: { 'idempotency-key': key } })
    const read = new Response('paid')
    await read.text()
    const handle = serve(read)
    await handle(post())
    expect((await handle(post())).status).toBe(410)
  },
)

test.each([undefined, null, 'paid'])('a handler of fetch that gives %s fails, and its key is free', async (made) => {
  const key = `none-${newKeys++}`
  const post = () => new Request('http://localhost/', { method: 'POST', headers: { 'idempotency-key': key } })
  const given = [made as unknown as Response, new Response('paid', { status: 201 })]
  const handle = idempotent(() => given.shift() as Response, { store: adapter.idempotency, scope: () => 'ada' })
  await expect(handle(post())).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('the handler must give a Response'),
  })
  expect((await handle(post())).status).toBe(201)
})

test.each([undefined, () => true])('Response.error() of a handler is not kept, and its key is free', async (keep) => {
  const key = `error-${newKeys++}`
  const post = () => new Request('http://localhost/', { method: 'POST', headers: { 'idempotency-key': key } })
  const given = [Response.error(), new Response('paid', { status: 201 })]
  const options = { store: adapter.idempotency, scope: () => 'ada', ...(keep && { keep }) }
  const handle = idempotent(() => given.shift() as Response, options)
  expect((await handle(post())).type).toBe('error')
  expect((await handle(post())).status).toBe(201)
})
