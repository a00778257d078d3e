import { invalidArgument } from '@go-go-scope/persistence-core/integration'
import { Guard } from './guard.js'
import type { IdempotencyKeyOptions } from './options.js'

/** A fetch handler, as used by Bun.serve, Next.js, Deno and h3. Further arguments are passed through. */
export type FetchHandler<Further extends unknown[]> = (
  request: Request,
  ...further: Further
) => Response | Promise<Response>

/**
 * Guards a handler by the header `Idempotency-Key`. The handler runs once per key over all processes. A repeated request gets
 * the response of the first.
 *
 * @throws PersistenceError `INVALID_ARGUMENT`, `INVALID_OPTION`. The returned handler rejects with the errors of `scope`,
 *   `fingerprint`, the handler and the store.
 */
export function idempotent<Further extends unknown[]>(
  handler: FetchHandler<Further>,
  options: IdempotencyKeyOptions<Request>,
): (request: Request, ...further: Further) => Promise<Response> {
  const guard = new Guard(options)
  return async (request, ...further) => {
    // The types of Express let it be mounted as it is.
    if (typeof request?.headers?.get !== 'function') {
      const instead = 'for Express, Fastify and Hono, use idempotencyKey of ./express, ./fastify or ./hono'
      throw invalidArgument('idempotent', `the handler takes a Request of fetch; ${instead}`)
    }
    const run = await guard.begin(
      {
        method: request.method,
        target: targetOf(request.url),
        key: request.headers.get('idempotency-key'),
        signal: request.signal,
        body: async () => new Uint8Array(await request.clone().arrayBuffer()),
      },
      request,
    )
    if (run === undefined) return handler(request, ...further)
    if (run instanceof Response) return run
    let response: Response
    try {
      response = checkedResponse(await handler(request, ...further))
    } catch (error) {
      await run.abandon()
      throw error
    }
    return run.finish(response)
  }
}

/** Checks members, not the class, because a library may have its own `Response`. @throws PersistenceError `INVALID_ARGUMENT`. */
function checkedResponse(made: Response | null | undefined): Response {
  if (typeof made?.status === 'number' && typeof made.headers === 'object' && 'body' in made) return made
  throw invalidArgument(
    'idempotencyKey',
    `the handler must give a Response, got ${made === null ? 'null' : typeof made}; the key is free again`,
  )
}

/** Returns path and query of a URL. */
export function targetOf(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}
