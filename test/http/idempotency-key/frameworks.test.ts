import { EventEmitter, once } from 'node:events'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import type { IdempotencyProblem } from '@go-go-scope/idempotency-key'
import { idempotencyKey as forExpress } from '@go-go-scope/idempotency-key/express'
import { idempotencyKey as forFastify } from '@go-go-scope/idempotency-key/fastify'
import { idempotencyKey as forHono } from '@go-go-scope/idempotency-key/hono'
import express from 'express'
import fastify, { type RouteHandlerMethod } from 'fastify'
import { Hono } from 'hono'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { store } from './requests.js'

const express4: typeof express = createRequire(import.meta.url)('express4')

/** Options with a separate key space. */
function ownKeys() {
  const scope = crypto.randomUUID()
  return { store, scope: () => scope }
}

const POST = { method: 'POST', headers: { 'idempotency-key': 'key' } } as const

describe('Express', () => {
  let server: Server | undefined
  afterEach(async () => {
    vi.useRealTimers()
    server?.closeAllConnections()
    await new Promise((resolve) => server?.close(resolve))
    server = undefined
  })

  async function post(app: express.Express, init: RequestInit = {}): Promise<Response> {
    server ??= await new Promise<Server>((resolve) => {
      const listening: Server = app.listen(0, '127.0.0.1', () => resolve(listening))
    })
    const { port } = server.address() as { port: number }
    return fetch(`http://127.0.0.1:${port}/`, { ...POST, ...init, headers: { ...POST.headers, ...init.headers } })
  }

  /** Returns an app with the guard, then the handler, then the error handler. */
  function guarded(before: express.RequestHandler, options: object, handler: express.RequestHandler): express.Express {
    const app = express()
    app.use(before, forExpress({ ...ownKeys(), ...options }), handler)
    app.use((error: Error, _request: express.Request, response: express.Response, next: express.NextFunction) => {
      if (response.headersSent) next(error)
      else response.status(500).send(error.message)
    })
    return app
  }

  test('a body that was not parsed is refused, with what to do', async () => {
    const app = guarded(
      (_request, _response, next) => next(),
      {},
      (_request, response) => {
        response.send('handled')
      },
    )
    const unparsed = await post(app, { body: '{"amount":1}' })
    expect([unparsed.status, await unparsed.text()]).toEqual([500, expect.stringContaining('put a parser such as')])
    expect(await (await post(app)).text(), 'no body needs no parser').toBe('handled')
  })

  test.each([
    ['5', express],
    ['4', express4],
  ])('release %s does not let a request through when the guard fails without an error', async (_version, make) => {
    let runs = 0
    const app = make().use(forExpress({ store, scope: () => Promise.reject() }), (_request, response) => {
      runs++
      response.end()
    })
    app.use((_error: Error, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
      response.sendStatus(500)
    })
    expect([(await post(app)).status, runs]).toEqual([500, 0])
  })

  test.each([
    [599, 1],
    [600, 2],
  ])('a response with the status %i is kept, if keep says so, only below 600', async (status, handled) => {
    let runs = 0
    const app = guarded(
      (_request, _response, next) => next(),
      { keep: () => true },
      (_request, response) => {
        runs++
        Object.assign(response, { statusCode: status }).end()
      },
    )
    expect([(await post(app)).status, (await post(app)).status, runs]).toEqual([status, status, handled])
  })

  test('the key of a client that leaves while it is claimed does not stay claimed for ever', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const client = new AbortController()
    let left: Promise<unknown> | undefined
    const claim = async (...call: Parameters<typeof store.claim>) => {
      client.abort()
      await left
      return store.claim(...call)
    }
    const handling = new EventEmitter()
    const begun = once(handling, 'begun')
    const app = guarded(
      (_request, response, next) => {
        left = once(response, 'close')
        next()
      },
      { store: Object.assign(Object.create(store), { claim }) },
      () => handling.emit('begun'),
    )
    await expect(post(app, { signal: client.signal })).rejects.toThrow('aborted')
    await begun
    const timers = vi.getTimerCount()
    await vi.advanceTimersByTimeAsync(11 * 30_000)
    expect(vi.getTimerCount()).toBe(timers - 1)
  })

  test('different parsed bodies have different fingerprints', async () => {
    const app = guarded(express.json(), {}, (request, response) => {
      response.json(request.body)
    })
    const json = { headers: { 'content-type': 'application/json' } }
    await post(app, { ...json, body: '{"amount":1}' })
    expect((await post(app, { ...json, body: '{ "amount": 1 }' })).status).toBe(200)
    expect((await post(app, { ...json, body: '{"amount":2}' })).status).toBe(422)
  })

  test.each([
    ['as long as is kept', 10_000, 400_000, 200],
    ['longer than is kept', 10_000, 399_999, 410],
    ['of little pieces, longer than is kept', 1, 1, 410],
  ])('a body in many pieces arrives whole, %s', async (_which, length, maxBody, repeated) => {
    const pieces = Array.from({ length: 40 }, (_, index) => String(index % 10).repeat(length))
    const app = guarded(
      (_request, _response, next) => next(),
      { maxBody },
      (_request, response) => {
        Readable.from(pieces).pipe(response)
      },
    )
    expect(await (await post(app)).text()).toBe(pieces.join(''))
    expect((await post(app)).status).toBe(repeated)
  })

  test('a response sent by writeHead is stored with its headers', async () => {
    const app = guarded(
      (_request, _response, next) => next(),
      {},
      (_request, response) => {
        response.writeHead(202, 'Taken', { 'x-one': '1' }).flushHeaders()
        response.end('deadbeef', 'hex')
      },
    )
    const [first, again] = [await post(app), await post(app)]
    expect([first.status, first.statusText, first.headers.get('x-one')]).toEqual([202, 'Taken', '1'])
    expect([again.status, again.headers.get('x-one')]).toEqual([202, '1'])
    for (const response of [first, again]) {
      expect(Buffer.from(await response.arrayBuffer()).toString('hex')).toBe('deadbeef')
    }
  })

  test.each([
    [['set-cookie', 'a=1', 'X-One', '1', 'Set-Cookie', 'b=2']],
    [[['set-cookie', ['a=1', 'b=2']] as const, ['X-One', '1'] as const]],
  ])('a header may occur several times in the list for writeHead: %j', async (list) => {
    const app = guarded(
      (_request, _response, next) => next(),
      {},
      (_request, response) => {
        response.writeHead(200, list as string[]).end()
      },
    )
    const { headers } = await post(app)
    expect([headers.getSetCookie(), headers.get('x-one')]).toEqual([['a=1', 'b=2'], '1'])
  })

  test('a handler that throws after its response does not change the stored response', async () => {
    const app = guarded(
      (_request, _response, next) => next(),
      {},
      (_request, response) => {
        response.status(201).send('done')
        throw new Error('as planted')
      },
    )
    // Express closes the connection when an error is passed on after the response was sent.
    expect(
      await post(app).then(
        ({ status }) => status,
        () => 'cut',
      ),
    ).not.toBe(500)
    const again = await post(app)
    expect([again.status, await again.text()]).toEqual([201, 'done'])
  })

  test('headers of earlier middleware are sent with a repeated response', async () => {
    let requests = 0
    const trace: express.RequestHandler = (_request, response, next) => {
      response.set('x-request', String(++requests))
      next()
    }
    const app = guarded(trace, { required: false }, (_request, response) => {
      response.removeHeader('x-request')
      response.send('done')
    })
    await post(app)
    expect((await post(app)).headers.get('x-request')).toBe('2')
  })
})

class OtherResponse {
  readonly [Symbol.toStringTag] = 'Response'
  readonly bodyUsed = false
  readonly headers: Headers
  readonly status: number
  readonly body: ReadableStream | null
  constructor(text: string, init: ResponseInit) {
    const { headers, status, body } = new Response(text, init)
    this.headers = headers
    this.status = status
    this.body = body
  }
}

describe('Fastify', () => {
  test('a stream is sent and not stored', async () => {
    const problems: IdempotencyProblem[] = []
    await using app = fastify()
    await app.register(forFastify, { ...ownKeys(), onProblem: (problem) => problems.push(problem) })
    app.post('/', async (_request, reply) => reply.send(Readable.from(['one ', 'two'])))
    expect((await app.inject({ ...POST, url: '/' })).body).toBe('one two')
    expect((await app.inject({ ...POST, url: '/' })).statusCode).toBe(410)
    expect(problems.map(({ type }) => type)).toEqual(['response-not-stored'])
  })

  test.each<[string, RouteHandlerMethod]>([
    ['does not return the reply', async (_request, reply) => void reply.code(201).send({ paid: 1 })],
    [
      'answers twice',
      (_request, reply) => {
        reply.code(201).send({ paid: 1 })
        reply.code(500).header('x-second', '1').send({ error: 'a longer answer' })
      },
    ],
    [
      'throws after its answer',
      async (_request, reply) => {
        reply.code(201).send({ paid: 1 })
        throw new Error('as planted')
      },
    ],
  ])('the first answer of a handler that %s is sent and stored', async (_what, handler) => {
    await using app = fastify()
    await app.register(forFastify, ownKeys())
    app.post('/', handler)
    for (let repeat = 0; repeat < 2; repeat++) {
      const answer = await app.inject({ ...POST, url: '/' })
      expect([answer.statusCode, answer.json(), answer.headers['x-second']]).toEqual([201, { paid: 1 }, undefined])
    }
  })

  test.each(['end', 'destroy'] as const)(
    'a hijacked reply that is ended by %s after its client has left counts as done',
    async (ending) => {
      let runs = 0
      const events = new EventTarget()
      const begun = once(events, 'begun')
      await using app = fastify()
      await app.register(forFastify, ownKeys())
      app.post('/', async (_request, reply) => {
        runs++
        reply.hijack()
        const left = once(reply.raw, 'close')
        events.dispatchEvent(new Event('begun'))
        await left
        reply.raw.writeHead(201)
        reply.raw[ending]()
      })
      const url = await app.listen({ port: 0, host: '127.0.0.1' })
      const client = new AbortController()
      const first = fetch(url, { ...POST, signal: client.signal })
      await begun
      client.abort()
      await expect(first).rejects.toThrow()
      await expect.poll(async () => (await fetch(url, POST)).status, { timeout: 20_000 }).toBe(410)
      expect(runs).toBe(1)
    },
  )

  test('a hijacked reply with a status that is not kept frees the key', async () => {
    const statuses = [500, 201]
    await using app = fastify()
    await app.register(forFastify, ownKeys())
    app.post('/', async (_request, reply) => {
      reply.hijack()
      reply.raw.writeHead(statuses.shift() as number).end()
    })
    expect((await app.inject({ ...POST, url: '/' })).statusCode).toBe(500)
    await expect.poll(async () => (await app.inject({ ...POST, url: '/' })).statusCode, { timeout: 20_000 }).toBe(201)
  })

  test('a hijacked reply that could not be ended has the status with which it is ended at last', async () => {
    const statuses = [500, 201]
    await using app = fastify()
    await app.register(forFastify, ownKeys())
    app.post('/', async (_request, reply) => {
      reply.hijack()
      expect(() => reply.raw.end(5 as never)).toThrow('chunk')
      reply.raw.writeHead(statuses.shift() as number).end()
    })
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    expect((await fetch(url, POST)).status).toBe(500)
    await expect.poll(async () => (await fetch(url, POST)).status, { timeout: 20_000 }).toBe(201)
  })

  test('a hijacked reply that could not be ended after its headers were sent has their status', async () => {
    let runs = 0
    await using app = fastify()
    await app.register(forFastify, ownKeys())
    app.post('/', async (_request, reply) => {
      runs++
      reply.hijack()
      reply.raw.writeHead(201)
      reply.raw.flushHeaders()
      expect(() => reply.raw.end(5 as never)).toThrow('chunk')
    })
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const client = new AbortController()
    expect((await fetch(url, { ...POST, signal: client.signal })).status).toBe(201)
    await expect.poll(async () => (await fetch(url, POST)).status, { timeout: 20_000 }).toBe(410)
    client.abort()
    expect(runs).toBe(1)
  })

  test('the plugin guards the routes of its instance that are declared later, and no others', async () => {
    let runs = 0
    await using app = fastify()
    app.register(async (inner) => {
      await inner.register(forFastify, ownKeys())
      inner.post('/inside', async () => String(++runs))
    })
    app.post('/outside', async () => String(++runs))
    for (const url of ['/inside', '/outside']) {
      for (let repeat = 0; repeat < 2; repeat++) await app.inject({ ...POST, url })
    }
    expect(runs).toBe(3)
  })

  test.each([
    ['of the runtime', Response],
    // Not a subclass of the global one, as that of the package undici.
    ['of a package', OtherResponse],
  ])('a fetch Response %s is judged by its own status, and not stored', async (_which, Made) => {
    let runs = 0
    await using app = fastify()
    await app.register(forFastify, ownKeys())
    app.post('/', async () => new Made(`run ${++runs}`, { status: runs === 1 ? 503 : 201 }))
    const seen = []
    for (let repeat = 0; repeat < 3; repeat++) {
      const { statusCode, body } = await app.inject({ ...POST, url: '/' })
      seen.push([statusCode, statusCode === 410 ? runs : body])
    }
    expect(seen).toEqual([
      [503, 'run 1'],
      [201, 'run 2'],
      [410, 2],
    ])
  })

  test('a repeated response without a body gets no content type', async () => {
    await using app = fastify()
    await app.register(forFastify, ownKeys())
    app.post('/', async (_request, reply) => reply.code(201).header('location', '/1').send())
    const [first, again] = [await app.inject({ ...POST, url: '/' }), await app.inject({ ...POST, url: '/' })]
    expect(again.headers).toMatchObject({ 'idempotency-replayed': 'true', location: '/1', 'content-length': '0' })
    for (const { headers } of [first, again]) expect(headers).not.toHaveProperty('content-type')
  })

  test('JSON is stored as it was sent', async () => {
    await using app = fastify()
    await app.register(forFastify, ownKeys())
    app.post('/', async () => ({ receipt: 'R-1' }))
    for (let repeat = 0; repeat < 2; repeat++) {
      const answer = await app.inject({ ...POST, url: '/', payload: { amount: 1 } })
      expect(answer.json()).toEqual({ receipt: 'R-1' })
      expect(answer.headers['content-type']).toContain('application/json')
    }
    expect((await app.inject({ ...POST, url: '/', payload: { amount: 2 } })).statusCode).toBe(422)
  })
})

describe('Hono', () => {
  test('headers of earlier middleware are sent with a repeated response', async () => {
    let requests = 0
    const app = new Hono()
    app.use(async (context, next) => {
      await next()
      context.header('x-request', String(++requests))
    })
    app.use(forHono(ownKeys()))
    app.post('/', (context) => context.text('done'))
    await app.request('/', POST)
    expect((await app.request('/', POST)).headers.get('x-request')).toBe('2')
  })

  test('a handler of another framework can read the raw request', async () => {
    const app = new Hono()
    app.use(forHono(ownKeys()))
    app.mount('/', async (request: Request) => new Response(await request.text()))
    expect(await (await app.request('/', { ...POST, body: 'paid' })).text()).toBe('paid')
    expect((await app.request('/', { ...POST, body: 'other' })).status).toBe(422)
  })

  test('a body that was read before still has its own fingerprint, and can be read again', async () => {
    const app = new Hono()
    app.use(async (context, next) => {
      await context.req.json()
      await next()
    })
    app.use(forHono(ownKeys()))
    app.post('/', async (context) => context.json(await context.req.json()))
    const sent = (amount: number) => app.request('/', { ...POST, body: JSON.stringify({ amount }) })
    expect(await (await sent(1)).json()).toEqual({ amount: 1 })
    expect((await sent(2)).status).toBe(422)
  })
})
