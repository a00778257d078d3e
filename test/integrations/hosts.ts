import type { Server as HttpServer } from 'node:http'
import type { Express } from 'express'
import type { FastifyInstance } from 'fastify'

/** An app that a test sends requests to. */
export interface Server extends AsyncDisposable {
  request(path: string, init: RequestInit): Promise<Response>
}

/** Hosts a fetch handler: behind Bun.serve on Bun, and elsewhere called as a server calls it. */
export function hostFetch(handler: (request: Request) => Response | Promise<Response>): Server {
  if (process.versions.bun === undefined) return inProcess(async (request) => handler(request))
  const server = Bun.serve({ port: 0, fetch: handler, error: () => new Response('failed', { status: 500 }) })
  return {
    request: (path, init) => fetch(new URL(path, server.url), init),
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

/** Calls a handler for each request, without a server. */
export function inProcess(handler: (request: Request) => Promise<Response>): Server {
  return {
    request: (path, init) =>
      handler(new Request(`http://localhost${path}`, init)).catch(() => new Response('failed', { status: 500 })),
    async [Symbol.asyncDispose]() {},
  }
}

export function hostFastify(app: FastifyInstance): Server {
  return {
    async request(path, init) {
      const answer = await app.inject({
        method: (init.method ?? 'GET') as 'GET',
        url: path,
        headers: Object.fromEntries(new Headers(init.headers)),
        ...(init.body !== undefined && { payload: String(init.body) }),
      })
      const headers = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, String(value)])
      const body = answer.statusCode === 204 ? null : new Uint8Array(answer.rawPayload)
      return new Response(body, { status: answer.statusCode, headers })
    },
    [Symbol.asyncDispose]: () => app.close(),
  }
}

export function hostExpress(app: Express): Promise<Server> {
  return listening(app.listen(0, '127.0.0.1'))
}

export async function listening(server: HttpServer): Promise<Server> {
  await new Promise<void>((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  return {
    request: (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
