import { type EventEmitter, once } from 'node:events'
import { type ClientHttp2Stream, connect, constants, type Http2ServerResponse } from 'node:http2'
import { text } from 'node:stream/consumers'
import { idempotencyKey } from '@go-go-scope/idempotency-key/fastify'
import fastify from 'fastify'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { store } from './requests.js'

afterEach(() => {
  vi.useRealTimers()
})

type Claim = typeof store.claim

/** The members of Fastify's reply that handlers here use. */
interface Reply {
  readonly raw: Http2ServerResponse
  hijack(): unknown
}

/** Hosts a guarded handler over HTTP/2. Returns a function that sends it the same request each time. */
async function serve(
  handler: (response: EventEmitter, reply: Reply) => Promise<string | undefined>,
  claim: (...call: Parameters<Claim>) => ReturnType<Claim> = (...call) => store.claim(...call),
  onLeft = () => {},
) {
  const scope = crypto.randomUUID()
  const app = fastify({ http2: true })
  app.addHook('onRequest', async (_request, reply) => void reply.raw.once('close', onLeft))
  await app.register(idempotencyKey, { store: Object.assign(Object.create(store), { claim }), scope: () => scope })
  app.post('/', async (_request, reply) => {
    const body = await handler(reply.raw, reply)
    if (body !== undefined) reply.code(201).send(body)
  })
  const client = connect(await app.listen({ port: 0, host: '127.0.0.1' }))
  onTestFinished(() => {
    client.destroy()
    app.server.close()
  })
  return () => client.request({ ':method': 'POST', ':path': '/', 'idempotency-key': 'key' }).end()
}

async function leave(request: ClientHttp2Stream): Promise<void> {
  request.close(constants.NGHTTP2_CANCEL)
  await once(request, 'close')
}

async function statusOf(request: ClientHttp2Stream): Promise<unknown> {
  const [headers] = await once(request, 'response')
  request.close()
  return headers[':status']
}

test('the response to a client that leaves while its request is handled is stored', async () => {
  const events = new EventTarget()
  const begun = once(events, 'begun')
  const post = await serve(async (response) => {
    const left = once(response, 'close')
    events.dispatchEvent(new Event('begun'))
    await left
    return 'paid'
  })
  const request = post()
  await begun
  await leave(request)
  await expect
    .poll(async () => {
      const again = post()
      const [headers] = await once(again, 'response')
      return [headers[':status'], await text(again)]
    })
    .toEqual([201, 'paid'])
})

test('the key of a client that leaves while it is claimed does not stay claimed for ever', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const events = new EventTarget()
  const [claiming, handling] = [once(events, 'claiming'), once(events, 'handling')]
  let left = (): void => undefined
  const gone = new Promise<void>((resolve) => {
    left = resolve
  })
  const post = await serve(
    () => {
      events.dispatchEvent(new Event('handling'))
      return new Promise(() => undefined)
    },
    async (...call) => {
      events.dispatchEvent(new Event('claiming'))
      await gone
      return store.claim(...call)
    },
    left,
  )
  const request = post()
  await claiming
  await leave(request)
  await handling
  const timers = vi.getTimerCount()
  await vi.advanceTimersByTimeAsync(11 * 30_000)
  expect(vi.getTimerCount()).toBe(timers - 1)
})

test('a hijacked reply whose client has left counts as done when its handler ends it, not before', async () => {
  const events = new EventTarget()
  const [begun, left, ending] = [once(events, 'begun'), once(events, 'left'), once(events, 'ending')]
  const post = await serve(async (response, reply) => {
    reply.hijack()
    const closed = once(response, 'close')
    events.dispatchEvent(new Event('begun'))
    await closed
    events.dispatchEvent(new Event('left'))
    await ending
    reply.raw.end()
    return undefined
  })
  const request = post()
  await begun
  await leave(request)
  await left
  expect(await statusOf(post())).toBe(409)
  events.dispatchEvent(new Event('ending'))
  await expect.poll(() => statusOf(post()), { timeout: 20_000 }).toBe(410)
})

test('a hijacked reply that is ended with a head of its own counts as done', async () => {
  const post = await serve(async (_response, reply) => {
    reply.hijack()
    reply.raw.writeHead(201, { 'content-type': 'text/plain' })
    reply.raw.end('taken over')
    return undefined
  })
  expect(await statusOf(post())).toBe(201)
  await expect.poll(() => statusOf(post()), { timeout: 20_000 }).toBe(410)
})
