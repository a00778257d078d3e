import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { idempotencyKey } from '@go-go-scope/idempotency-key/express'
import express, { type Response as Outgoing, type RequestHandler } from 'express'
import { afterEach, expect, test, vi } from 'vitest'
import { hostExpress, type Server } from '../../integrations/hosts.js'
import { clock, store } from './requests.js'

let server: Server | undefined
afterEach(async () => {
  vi.useRealTimers()
  await server?.[Symbol.asyncDispose]()
  server = undefined
})

/** Hosts a guarded handler. Returns a function that sends it the same request each time. */
async function serve(
  handle: (response: Outgoing) => unknown,
  inner: RequestHandler[] = [],
  outer: RequestHandler[] = [],
) {
  const scope = crypto.randomUUID()
  const app = express()
  const guard = idempotencyKey({ store, scope: () => scope })
  app.use(...outer, guard, ...inner, async (_request: unknown, response: Outgoing) => {
    await handle(response)
  })
  app.use((error: Error, _request: unknown, response: Outgoing, _next: unknown) => {
    response.status(500).send(error.message)
  })
  const hosted = await hostExpress(app)
  server = hosted
  return () => hosted.request('/', { method: 'POST', headers: { 'idempotency-key': 'key' } })
}

test('a handler that awaits the callback of each write gets it before the response is sent', async () => {
  const post = await serve(async (response) => {
    await new Promise<unknown>((done) => response.write('one ', done))
    await new Promise<unknown>((done) => response.write('two ', 'utf8', done))
    await new Promise<void>((done) => response.end('three', done))
  })
  expect(await (await post()).text()).toBe('one two three')
  expect(await (await post()).text()).toBe('one two three')
})

/** Returns a handler whose first run loses its claim to a second one, which answers, and then does `late`. */
function losing(late: (response: Outgoing) => unknown) {
  const lost = { runs: 0, post: async (): Promise<unknown> => undefined }
  const handle = async (response: Outgoing) => {
    if (++lost.runs > 1) return response.end('second')
    clock.advance(30_000)
    await lost.post()
    return late(response)
  }
  return { lost, handle }
}

/** Returns middleware that does `late` in the turn in which another response than the handler's is sent. */
function atOtherResponse(late: (response: Outgoing) => unknown): RequestHandler {
  return (_request, response, next) => {
    const { setHeader } = response
    response.setHeader = (name, value) => {
      if (name === 'idempotency-replayed') queueMicrotask(() => late(response))
      return setHeader.call(response, name, value)
    }
    next()
  }
}

test('what a handler that has lost its claim goes on writing is not sent within another response', async () => {
  const { lost, handle } = losing((response) => response.write(Buffer.alloc(2_000_000)))
  const writesOn = atOtherResponse((response) => response.writableEnded || response.write('late'))
  const post = await serve(handle, [], [writesOn])
  lost.post = post
  expect(await (await post()).text()).toBe('second')
})

test('a handler that has lost its claim goes on to its end: its callbacks are called, and its late writes raise no error', async () => {
  const errors: unknown[] = []
  const ends: string[] = []
  const { lost, handle } = losing(async (response) => {
    response.on('error', (error) => errors.push(error))
    await new Promise<void>((resolve) => response.end('first', () => resolve()))
    ends.push('end')
    await new Promise<void>((resolve) => response.write('more', () => resolve()))
    ends.push('write')
    if (!response.write('much')) await once(response, 'drain')
    ends.push('drain')
  })
  const post = await serve(handle, [], [atOtherResponse((response) => response.write('late'))])
  lost.post = post
  expect(await (await post()).text()).toBe('second')
  await vi.waitFor(() => expect(ends).toEqual(['end', 'write', 'drain']))
  expect(errors).toEqual([])
})

test.each<[string, (response: Outgoing) => void, string]>([
  ['an object as its end', (response) => response.end({ paid: true }), 'string or bytes'],
  ['a number in a write', (response) => response.write(5), 'string or bytes'],
  ['null in a write', (response) => response.write(null), 'string or bytes'],
  ['a status that does not exist', (response) => Object.assign(response, { statusCode: 0 }).end(), 'Invalid status'],
  ['a reason of two lines', (response) => response.writeHead(200, 'in\ntwo lines').end(), 'Invalid character'],
])('a handler that sends %s gets the error, and its key is free', async (_what, send, message) => {
  let runs = 0
  const post = await serve((response) => (++runs === 1 ? send(response) : response.end('paid')))
  const refused = await post()
  expect([refused.status, await refused.text()]).toEqual([500, expect.stringContaining(message)])
  expect(await (await post()).text()).toBe('paid')
})

test('a response that Node refuses only when it is sent ends the connection, and nothing else', async () => {
  const post = await serve((response) => {
    Object.assign(response, { strictContentLength: true }).set('content-length', '1').end('paid')
  })
  await expect(post()).rejects.toThrow()
  expect(await (await post()).text()).toBe('paid')
})

test.each<[string, (response: Outgoing) => void]>([
  ['flushHeaders', (response) => response.type('text/event-stream').flushHeaders()],
  ['writeHead', (response) => response.writeHead(200, { 'content-type': 'text/event-stream' })],
  ['write', (response) => response.type('text/event-stream')],
])('an event stream begun by %s is sent as it is made, and not kept', async (_how, begin) => {
  let end: (() => void) | undefined
  const post = await serve((response) => {
    begin(response)
    response.write('data: 1\n\n')
    end = () => response.end('data: 2\n\n')
  })
  const reader = (await post()).body?.getReader() as ReadableStreamDefaultReader<Uint8Array>
  const text = async () => Buffer.from((await reader.read()).value ?? []).toString()
  expect(await text()).toBe('data: 1\n\n')
  expect((await post()).status).toBe(410)
  end?.()
  expect(await text()).toBe('data: 2\n\n')
})

test('an event stream without an event yet sends its headers by flushHeaders', async () => {
  const post = await serve((response) => response.type('text/event-stream').flushHeaders())
  expect((await post()).headers.get('content-type')).toContain('text/event-stream')
})

test('a write answers false while the response is recorded, and drain follows for its present listeners', async () => {
  let answer: boolean | undefined
  const removed = vi.fn()
  const post = await serve(async (response) => {
    answer = response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
    response.on('drain', removed).off('drain', removed)
    await new Promise<void>((drained) => response.prependOnceListener('drain', drained))
    response.end('data: 2\n\n')
  })
  expect(await (await post()).text()).toBe('data: 1\n\ndata: 2\n\n')
  expect([answer, removed.mock.calls]).toEqual([false, []])
})

test.each<[string, (response: Outgoing) => unknown]>([
  ['ended', (response) => response.end('paid')],
  ['destroyed', (response) => response.destroy()],
])('no drain follows when the handler has %s the response', async (_what, end) => {
  const drained = vi.fn()
  const post = await serve((response) => end(response.on('drain', drained)))
  await post().catch(() => undefined)
  expect(drained).not.toHaveBeenCalled()
})

/** Sends what is written through another stream, which also gets the listeners of `drain`, as `compression` does. */
const throughStream: RequestHandler = (_request, response, next) => {
  const { write, end, on } = response
  const stream = new PassThrough()
  stream.on('data', (chunk) => write.call(response, chunk, 'utf8'))
  stream.on('end', () => end.call(response, undefined, 'utf8'))
  Object.assign(response, {
    write: (chunk: unknown) => stream.write(chunk),
    end: (chunk: unknown) => stream.end(chunk),
    on: (...args: Parameters<typeof on>) => on.apply(args[0] === 'drain' ? (stream as never) : response, args),
  })
  next()
}

test('a handler that waits for drain goes on behind middleware that compresses', async () => {
  const post = await serve(
    async (response) => {
      response.type('text/event-stream').flushHeaders()
      if (!response.write('data: 1\n\n')) await once(response, 'drain')
      response.end('data: 2\n\n')
    },
    [],
    [throughStream],
  )
  expect(await (await post()).text()).toBe('data: 1\n\ndata: 2\n\n')
})

test('a handler that throws after its first write keeps its key claimed for ten leases', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  let closed: Promise<unknown> | undefined
  const post = await serve((response) => {
    if (closed !== undefined) return response.end('paid')
    closed = once(response, 'close')
    response.write('part')
    throw new Error('as planted')
  })
  await expect(post()).rejects.toThrow()
  await closed
  for (const [leases, status] of [
    [10, 409],
    [2, 200],
  ] as const) {
    for (let step = 0; step < 3 * leases; step++) {
      clock.advance(10_000)
      await vi.advanceTimersByTimeAsync(10_000)
    }
    expect((await post()).status).toBe(status)
  }
})

test('headers that later middleware adds just before they are sent are sent and stored', async () => {
  const addsHeader: RequestHandler = (_request, response, next) => {
    const { writeHead } = response
    // As the package on-headers does for sessions and response times.
    response.writeHead = ((...args: Parameters<typeof writeHead>) => {
      response.setHeader('x-late', '1')
      return writeHead.apply(response, args)
    }) as typeof writeHead
    next()
  }
  const post = await serve((response) => response.end('paid'), [addsHeader])
  expect([(await post()).headers.get('x-late'), (await post()).headers.get('x-late')]).toEqual(['1', '1'])
})

test('writeHead takes its headers also behind a reason that is not given', async () => {
  const post = await serve((response) => response.writeHead(201, undefined, { 'x-one': '1' }).end())
  expect((await post()).headers.get('x-one')).toBe('1')
})

test('a response that the handler has ended says so before it is sent', async () => {
  let ended: boolean | undefined
  const post = await serve((response) => {
    response.end('paid')
    ended = response.writableEnded
  })
  expect(await (await post()).text()).toBe('paid')
  expect(ended).toBe(true)
})

test('a handler that answers twice gets the error that Express gives, and the first answer is sent and stored', async () => {
  let error: unknown
  const post = await serve((response) => {
    response.status(201).json({ paid: true })
    try {
      response.status(500).json({ error: 'a second answer, which is longer' })
    } catch (thrown) {
      error = thrown
    }
  })
  for (let repeat = 0; repeat < 2; repeat++) {
    const response = await post()
    expect([response.status, await response.json()]).toEqual([201, { paid: true }])
  }
  expect(error).toMatchObject({ code: 'ERR_HTTP_HEADERS_SENT' })
})
