import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type Server, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createGunzip, createGzip } from 'node:zlib'
import { idempotencyKey } from '@go-go-scope/idempotency-key/express'
import express, { type Response as Outgoing, type RequestHandler } from 'express'
import { afterEach, expect, test } from 'vitest'
import { store } from './requests.js'

const LIMIT = 1_000
/** Text that does not become short by compression. */
const NOISE = Array.from({ length: 50 }, () => randomBytes(LIMIT).toString('base64'))

type Handler = (response: Outgoing) => unknown

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

const guard = (): RequestHandler => idempotencyKey({ store, scope: () => crypto.randomUUID(), maxBody: LIMIT })

/** Hosts a handler with some middleware. Returns what its client and the handler see of a request. */
async function seen(handle: Handler, middleware: RequestHandler[]) {
  let error: { name?: string; code?: string } = {}
  const app = express()
  app.disable('x-powered-by').set('env', 'production')
  app.use(...middleware, async (_request: unknown, response: Outgoing) => {
    try {
      await handle(response)
    } catch (thrown) {
      error = thrown as typeof error
      // As an app's error handler does.
      if (!response.headersSent) response.status(500).end('failed')
      else if (!response.writableEnded) response.end()
    }
  })
  const server = app.listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const answer = await raw((server.address() as AddressInfo).port)
  return { ...answer, error: { name: error.name, code: error.code } }
}

function raw(port: number) {
  return new Promise<object>((resolve) => {
    const sent = send({ port, method: 'POST', headers: { 'idempotency-key': 'key' } }, async (response) => {
      // Held bytes are sent with their length, also if Node would send them in pieces.
      const { date, 'content-length': length, 'transfer-encoding': pieces, ...headers } = response.headers
      const body = await text(headers['content-encoding'] === 'gzip' ? response.pipe(createGunzip()) : response).catch(
        (error: NodeJS.ErrnoException) => error.code,
      )
      resolve({ status: response.statusCode, reason: response.statusMessage, headers, body })
    })
    sent.once('error', ({ code }: NodeJS.ErrnoException) => resolve({ code }))
    sent.end()
  })
}

const written = (response: Outgoing, chunk: unknown) => new Promise<unknown>((done) => response.write(chunk, done))

/** Writes by a buffer that is used again after each callback. */
async function reuse(response: Outgoing, size: number) {
  const buffer = Buffer.alloc(size)
  for (const letter of 'abc') await written(response, buffer.fill(letter))
  response.end()
}

/** Writes more than the connection takes, and the end when it says that it takes more. */
async function drain(response: Outgoing) {
  response.write(Buffer.alloc(1_000_000))
  await once(response, 'drain')
  response.end(`full: ${response.writableNeedDrain}`)
}

test.each<[string, Handler]>([
  ['waits until it may write more', drain],
  ['ends with a text', (response) => response.end('paid')],
  ['ends with nothing', (response) => response.status(201).end()],
  ['ends without a body', (response) => response.status(204).end('dropped')],
  ['ends in another encoding', (response) => response.end('cGFpZA==', 'base64')],
  ['uses its buffer again', (response) => reuse(response, 10)],
  ['uses a buffer again that is too long', (response) => reuse(response, LIMIT)],
  ['sets the status after a write', (response) => response.write('paid') && response.status(500).end()],
  ['sets the status after writeHead', (response) => response.writeHead(201).status(500).end('paid')],
  ['sets a header after a write', (response) => response.write('paid') && response.set('x-late', '1')],
  ['calls writeHead twice', (response) => response.writeHead(201, 'Done').writeHead(500, 'Failed')],
  ['calls writeHead twice, without headers', (response) => response.writeHead(201).writeHead(500)],
  ['gives writeHead a status as text', (response) => response.writeHead('201' as never).end('paid')],
  ['gives writeHead no status', (response) => response.writeHead(Number.NaN)],
  ['gives writeHead a status that is too low', (response) => response.writeHead(99)],
  ['gives writeHead a status that is too high', (response) => response.writeHead(1_000)],
  ['sets a status that does not exist', (response) => Object.assign(response, { statusCode: 0 }).write('paid')],
  ['gives a reason of two lines', (response) => response.writeHead(200, 'in\ntwo lines')],
  ['gives an invalid header', (response) => response.writeHead(500, { 'x-two': 'in\ntwo lines' })],
  ['writes an array', (response) => response.write([1, 2])],
  ['writes an ArrayBuffer', (response) => response.write(new ArrayBuffer(2))],
  ['writes a view', (response) => response.write(new DataView(new ArrayBuffer(2)))],
  ['writes wider numbers', (response) => response.write(new Uint16Array(2))],
  ['writes a number', (response) => response.write(5)],
  ['ends with an array', (response) => response.end([1, 2])],
  ['ends with an object', (response) => response.end({ paid: true })],
  ['destroys the response', (response) => response.destroy()],
])('a guarded handler that %s gets and sends the same as in Node', async (_what, handle) => {
  expect(await seen(handle, [guard()])).toEqual(await seen(handle, []))
})

/** Compresses like the package compression: its stream writes by the methods that the response had before. */
const compress: RequestHandler = (_request, response, next) => {
  const { write, end } = response
  const stream = createGzip()
  stream.on('data', (chunk) => Reflect.apply(write, response, [chunk]) || stream.pause())
  stream.on('end', () => Reflect.apply(end, response, []))
  response.on('drain', () => stream.resume())
  response.setHeader('content-encoding', 'gzip')
  response.write = (chunk: string) => stream.write(chunk)
  response.end = (chunk?: unknown) => {
    stream.end(chunk)
    return response
  }
  next()
}

test.each<[string, Handler]>([
  ['is short', (response) => response.end('paid')],
  [
    'becomes too long',
    async (response) => {
      for (const piece of NOISE) {
        response.write(piece)
        await new Promise(setImmediate)
      }
      response.end('end')
    },
  ],
  [
    'is a stream of events',
    async (response) => {
      response.type('text/event-stream')
      for (let event = 0; event < 10; event++) {
        response.write(`data: ${event}\n\n`)
        await new Promise(setImmediate)
      }
      response.end()
    },
  ],
])('a response that middleware behind the guard compresses arrives whole if it %s', async (_what, handle) => {
  expect(await seen(handle, [guard(), compress])).toEqual(await seen(handle, [compress]))
})
