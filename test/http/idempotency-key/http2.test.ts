import { type EventEmitter, once } from 'node:events'
import { type ClientHttp2Stream, connect, constants } from 'node:http2'
import { text } from 'node:stream/consumers'
import { idempotencyKey } from '@go-go-scope/idempotency-key/fastify'
import fastify from 'fastify'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { store } from './requests.js'

afterEach(() => {
  vi.useRealTimers()
})

type Claim = typeof store.claim

/** Hosts a guarded handler over HTTP/2. Returns a function that sends it the same request each time. */
async function serve(
  handler: (response: EventEmitter) => Promise<string>,
  claim: (...call: Parameters<Claim>) => ReturnType<Claim> = (...call) => store.claim(...call),
  onLeft = () => {},
) {
  const scope = crypto.randomUUID()
  const app = fastify({ http2: true })
  app.addHook('onRequest', async (_request, reply) => void reply.raw.once('close', onLeft))
  await app.register(idempotencyKey, { store: Object.assign(Object.create(store), { claim }), scope: () => scope })
  app.post('/', async (_request, reply) => reply.code(201).send(await handler(reply.raw)))
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
