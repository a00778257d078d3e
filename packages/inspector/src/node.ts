import type { InspectorHandler } from './inspector.js'

/** What is used of a request of Node, and of Express. */
export interface NodeRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
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

function requestOf({ method = 'GET', url = '/', headers: given }: NodeRequest): Request {
  const headers = new Headers()
  for (const [name, values] of Object.entries(given)) {
    // Those of HTTP/2 that are no headers begin with a colon.
    if (!name.startsWith(':')) for (const value of [values ?? []].flat()) headers.append(name, value)
  }
  // Who was meant is in the header; a URL could not be made of everything that can stand there.
  headers.set('host', String(given.host ?? given[':authority'] ?? ''))
  const path = url.startsWith('/') ? url : '/'
  // No other method is answered, and fetch has no requests of some.
  const known = method === 'GET' || method === 'HEAD' ? method : 'POST'
  return new Request(`http://host.invalid${path}`, { method: known, headers })
}
