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
}

/**
 * Middleware for Express 5. Register it after the body parser:
 * `app.use('/payments', express.json(), idempotencyKey({ … }))`.
 *
 * @throws PersistenceError `INVALID_ARGUMENT`, `INVALID_OPTION`.
 */
export function idempotencyKey<Request extends ExpressRequest>(
  options: IdempotencyKeyOptions<Request>,
): (request: Request, response: NodeResponse, next: (error?: unknown) => void) => Promise<void> {
  const guard = new Guard(options)
  return async (request, response, next) => {
    const run = await guard.begin(
      {
        method: request.method,
        target: request.originalUrl,
        key: request.headers['idempotency-key']?.toString(),
        body: async () => parsedBody(request),
      },
      request,
    )
    if (run instanceof Response) {
      await sendResponse(response, run)
      return
    }
    if (run !== undefined) {
      run.follow(response)
      holdResponse(response, guard.maxBody, (made) => run.settle(made))
    }
    next()
  }
}
