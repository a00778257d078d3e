import { Guard } from './guard.js'
import { targetOf } from './idempotent.js'
import type { IdempotencyKeyOptions } from './options.js'

export type { IdempotencyKeyOptions, IdempotencyProblem } from './options.js'

/** The members of Hono's `Context` that are used. */
export interface HonoContext {
  req: {
    readonly raw: Request
    /** What was read of the body. */
    readonly bodyCache: object
    header(name: string): string | undefined
    arrayBuffer(): Promise<ArrayBuffer>
  }
  get res(): Response
  set res(response: Response | undefined)
}

/**
 * Middleware for Hono: `app.use('/payments/*', idempotencyKey({ … }))`.
 *
 * @throws PersistenceError `INVALID_ARGUMENT`, `INVALID_OPTION`.
 */
export function idempotencyKey<Context extends HonoContext>(
  options: IdempotencyKeyOptions<Context>,
): (context: Context, next: () => Promise<void>) => Promise<Response | undefined> {
  const guard = new Guard(options)
  return async (context, next) => {
    const { raw } = context.req
    const run = await guard.begin(
      {
        method: raw.method,
        target: targetOf(raw.url),
        key: context.req.header('idempotency-key'),
        signal: raw.signal,
        async body() {
          const wasRead = Object.keys(context.req.bodyCache).length > 0
          // A clone, because handlers may read the raw request, as those of other frameworks do. If middleware has read it, Hono
          // has cached the body.
          return new Uint8Array(await (wasRead ? context.req : raw.clone()).arrayBuffer())
        },
      },
      context,
    )
    if (run instanceof Response) return run
    try {
      await next()
    } catch (error) {
      await run?.abandon()
      throw error
    }
    const made = context.res
    const response = await run?.finish(made)
    if (response !== undefined && response !== made) {
      // Cleared first, because Hono would merge the headers of both responses.
      context.res = undefined
      context.res = response
    }
    return undefined
  }
}
