import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type IdempotencyKeyOptions, idempotent } from '@go-go-scope/idempotency-key'
import { idempotencyKey as forExpress } from '@go-go-scope/idempotency-key/express'
import { idempotencyKey as forFastify } from '@go-go-scope/idempotency-key/fastify'
import { idempotencyKey as forHono } from '@go-go-scope/idempotency-key/hono'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { hostExpress, hostFastify, hostFetch, inProcess, listening, type Server } from '../hosts.js'
import { type Incoming, koaApp } from './koa-app.js'

export type { Server } from '../hosts.js'

/** The answer of a test's handler. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
  /** Whether the source of the body fails after the body. */
  readonly breaksOff?: boolean
}

/** The handler behind the guard. @param body the body of the request as text */
export type Work = (body: string) => Promise<Answer>

/** The options that all frameworks share. The header `x-user` names the user to whom a key belongs. */
export type Options = Omit<IdempotencyKeyOptions<never>, 'scope' | 'fingerprint'> & {
  user?: (header: string) => string
}

const USER = 'x-user'

/** Yields the body and then fails. */
async function* brokenOff(body: Answer['body']): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield new Uint8Array(Buffer.from(body))
  throw new Error('the source fails, as planted')
}

function fetchBody({ body, breaksOff, status }: Answer): Uint8Array<ArrayBuffer> | ReadableStream | null {
  if (status === 204) return null
  if (!breaksOff) return new Uint8Array(Buffer.from(body))
  const source = brokenOff(body)
  return new ReadableStream({
    async pull(controller) {
      controller.enqueue((await source.next()).value)
    },
  })
}

function fetchHandler({ user = String, ...options }: Options, work: Work) {
  return idempotent(
    async (request) => {
      const answer = await work(await request.text())
      return new Response(fetchBody(answer), answer)
    },
    { ...options, scope: (request) => user(request.headers.get(USER) ?? 'ada') },
  )
}

async function serveFetch(options: Options, work: Work): Promise<Server> {
  return hostFetch(fetchHandler(options, work))
}

async function serveHono({ user = String, ...options }: Options, work: Work): Promise<Server> {
  const app = new Hono()
  app.use('*', forHono({ ...options, scope: (context) => user(context.req.header(USER) ?? 'ada') }))
  app.all('*', async (context) => {
    const answer = await work(await context.req.text())
    return context.body(fetchBody(answer) as ReadableStream, answer.status as 200, answer.headers ?? {})
  })
  app.onError((_error, context) => context.text('failed', 500))
  return inProcess(async (request) => app.fetch(request))
}

async function serveFastify({ user = String, ...options }: Options, work: Work): Promise<Server> {
  const app = fastify()
  for (const type of ['application/json', 'text/plain']) {
    app.removeContentTypeParser(type)
    app.addContentTypeParser(type, { parseAs: 'string' }, (_request, body, done) => done(null, body))
  }
  await app.register(forFastify, { ...options, scope: (request) => user(request.headers[USER]?.toString() ?? 'ada') })
  app.all('*', async (request, reply) => {
    const { status, headers = {}, body, breaksOff } = await work(String(request.body ?? ''))
    return reply
      .code(status)
      .headers(headers)
      .send(breaksOff ? Readable.from(brokenOff(body)) : Buffer.from(body))
  })
  return hostFastify(app)
}

/** Has the same interface as Express 5 as far as it is used here. */
const express4: typeof express = createRequire(import.meta.url)('express4')

const serveExpress = (create: typeof express) => async (given: Options, work: Work) => {
  const { user = String, ...options } = given
  const app = create()
  app.use(express.text({ type: () => true }))
  app.use(forExpress({ ...options, scope: (request) => user(request.headers[USER]?.toString() ?? 'ada') }))
  const handle = async (request: express.Request, response: express.Response) => {
    const { status, headers = {}, body, breaksOff } = await work(request.body ?? '')
    response.writeHead(status, headers)
    // The pipeline rejects with the planted failure of the source.
    if (breaksOff) return pipeline(brokenOff(body), response).catch(() => undefined)
    // In pieces, so that the guard must hold more than one write.
    response.write(Buffer.from(body).subarray(0, 2))
    response.end(Buffer.from(body).subarray(2))
  }
  // Express 4 ignores the promise of a handler.
  app.use((request: express.Request, response: express.Response, next: express.NextFunction) => {
    handle(request, response).catch(next)
  })
  // Without it, Express prints what a handler throws.
  app.use((_error: unknown, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
    response.status(500).send('failed')
  })
  return hostExpress(app)
}

async function serveKoa({ user = String, ...options }: Options, work: Work): Promise<Server> {
  const app = koaApp({ ...options, scope: ({ headers }) => user(headers[USER]?.toString() ?? 'ada') })
  app.use(async (context) => {
    const { status, headers = {}, body, breaksOff } = await work((context.req as Incoming).body)
    context.status = status
    context.set(headers)
    context.body = breaksOff ? Readable.from(brokenOff(body)) : Buffer.from(body)
  })
  return listening(app.listen(0, '127.0.0.1'))
}

export const servers = [
  ['a handler of fetch', serveFetch],
  ['Hono', serveHono],
  ['Fastify', serveFastify],
  ['Express', serveExpress(express)],
  ['Express 4', serveExpress(express4)],
  ['Koa', serveKoa],
] as const
