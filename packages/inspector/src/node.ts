import type { InspectorHandler } from './inspector.js'

/** The members of Node's and Express's request that are used. */
export interface NodeRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The body that a body parser, such as Express's or Fastify's, has read. Then the stream is empty. */
  readonly body?: unknown
  [Symbol.asyncIterator]?(): AsyncIterator<Uint8Array>
}

/** The members of Node's response that are used. */
export interface NodeResponse {
  writeHead(status: number, headers: Record<string, string>): unknown
  end(body: Uint8Array): unknown
}

const EMPTY = new Uint8Array()

/**
 * Adapts the handler to Node's `createServer`, Express and Fastify: `app.all('/inspector', toNodeHandler(inspect))`.
 *
 * @returns a handler that never rejects. An error, for example of `authorize`, goes to `next`. Without `next` the response is a
 *   500 without details.
 */
export function toNodeHandler(
  handler: InspectorHandler,
): (request: NodeRequest, response: NodeResponse, next?: (error: unknown) => void) => Promise<void> {
  return async (request, response, next) => {
    try {
      const answer = await handler(requestOf(request))
      const body = Buffer.from(await answer.arrayBuffer())
      response.writeHead(answer.status, { ...Object.fromEntries(answer.headers), 'content-length': `${body.length}` })
      response.end(body)
    } catch (error) {
      if (next !== undefined) return next(error)
      // `createServer` ignores promises, so a rejection would crash the process.
      response.writeHead(500, { 'content-length': '0' })
      response.end(EMPTY)
    }
  }
}

function requestOf(from: NodeRequest): Request {
  const { method = 'GET', url = '/', headers: given } = from
  const headers = new Headers()
  for (const [name, values] of Object.entries(given)) {
    // HTTP/2 pseudo-headers begin with a colon.
    if (!name.startsWith(':')) for (const value of [values ?? []].flat()) headers.append(name, value)
  }
  // The host is only in the header, because not every value of it makes a valid URL.
  headers.set('host', String(given.host ?? given[':authority'] ?? ''))
  const path = url.startsWith('/') ? url : '/'
  const address = `http://host.invalid${path}`
  // Streamed, so that nothing of an unauthorized body is read.
  const streamed = { method, headers, body: bodyOf(from), duplex: 'half' } as RequestInit
  if (method === 'POST') return new Request(address, streamed)
  // Other methods are refused anyway, and `Request` does not accept all of them, so PUT stands for them.
  return new Request(address, { method: method === 'GET' || method === 'HEAD' ? method : 'PUT', headers })
}

function bodyOf(from: NodeRequest): string | ReadableStream<Uint8Array> {
  if (from.body !== undefined) return JSON.stringify(from.body)
  let pieces: AsyncIterator<Uint8Array> | undefined
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        pieces ??= from[Symbol.asyncIterator]?.()
        const next = await pieces?.next()
        if (next === undefined || next.done) controller.close()
        else controller.enqueue(next.value)
      },
    },
    { highWaterMark: 0 },
  )
}
