import { Guard } from './guard.js'
import { holdResponse } from './held-response.js'
import { type NodeResponse, sendResponse } from './node-response.js'
import type { IdempotencyKeyOptions } from './options.js'
import { parsedBody } from './parsed-body.js'

export type { IdempotencyKeyOptions, IdempotencyProblem } from './options.js'

/** The members of Express's request that are used. */
export interface ExpressRequest {
  readonly method: string
  readonly originalUrl: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body?: unknown
  /** Set by Express. */
  readonly next?: unknown
}

/**
 * Middleware for Express. Register it after the body parser:
 * `app.use('/payments', express.json(), idempotencyKey({ … }))`. It passes its errors to `next` if Express runs the
 * app, or mounts it. Otherwise, as with `node:http` and Koa, it rejects with them.
 *
 * @throws PersistenceError `INVALID_ARGUMENT`, `INVALID_OPTION`.
 */
export function idempotencyKey<Request extends ExpressRequest>(
  options: IdempotencyKeyOptions<Request>,
): (request: Request, response: NodeResponse, next: (error?: unknown) => void) => Promise<void> {
  const guard = new Guard(options)
  return async (request, response, next) => {
    try {
      const run = await guard.begin(
        {
          method: request.method,
          target: request.originalUrl,
          key: request.headers['idempotency-key']?.toString(),
          body: async () => parsedBody(request),
        },
        request,
      )
      if (run instanceof Response) return await sendResponse(response, run)
      if (run) {
        run.follow(response)
        holdResponse(response, guard.maxBody, (made) => run.settle(made))
      }
    } catch (error) {
      // Express 4 ignores the promise. A callback of an app that uses no framework may ignore the argument, and handle the request.
      if (!request.next) throw error
      // A promise may reject with nothing, and `next` without an error lets the request through.
      return next(error || new Error('idempotencyKey: rejected without an error'))
    }
    next()
  }
}
