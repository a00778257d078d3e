import type { InspectorHandler } from './inspector.js'

/** What is used of a request of Node, and of Express. */
export interface NodeRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** What a parser of bodies has read, as that of Express or Fastify: then nothing of it is left to be read. */
  readonly body?: unknown
  [Symbol.asyncIterator]?(): AsyncIterator<Uint8Array>
}

/** What is used of a response of Node. */
export interface NodeResponse {
  writeHead(status: number, headers: Record<string, string>): unknown
  end(body: Uint8Array): unknown
}

const EMPTY = new Uint8Array()

/**
 * The handler for Node's `createServer`, Express and Fastify: `app.all('/inspector', toNodeHandler(inspect))`.
 *
 * @returns what never rejects: that the handler has failed, as where `authorize` does, is told to `next`, or answered by 500
 * where there is none. Of what has failed the answer says nothing.
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
      // A rejection would end the process: `createServer` takes no promise.
      response.writeHead(500, { 'content-length': '0' })
      response.end(EMPTY)
    }
  }
}

function requestOf(from: NodeRequest): Request {
  const { method = 'GET', url = '/', headers: given } = from
  const headers = new Headers()
  for (const [name, values] of Object.entries(given)) {
    // Those of HTTP/2 that are no headers begin with a colon.
    if (!name.startsWith(':')) for (const value of [values ?? []].flat()) headers.append(name, value)
  }
  // Who was meant is in the header; a URL could not be made of everything that can stand there.
  headers.set('host', String(given.host ?? given[':authority'] ?? ''))
  const path = url.startsWith('/') ? url : '/'
  const address = `http://host.invalid${path}`
  // Streamed: nothing is read of what a stranger sends.
  const streamed = { method, headers, body: bodyOf(from), duplex: 'half' } as RequestInit
  if (method === 'POST') return new Request(address, streamed)
  // No other method is answered, and fetch has no requests of some.
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
