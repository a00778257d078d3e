import { text } from 'node:stream/consumers'
import { type ExpressRequest, idempotencyKey } from '@go-go-scope/idempotency-key/express'
import Koa from 'koa'

export type Incoming = Koa.Request['req'] & { method: string; originalUrl: string; body: string }

/** Returns an app of Koa with the guard in the form that the README gives. */
export function koaApp(options: Parameters<typeof idempotencyKey<Incoming & ExpressRequest>>[0]): Koa {
  const guard = idempotencyKey(options)
  const app = new Koa()
  app.silent = true
  app.use(async (context, next) => {
    const { req, res, method, originalUrl } = context
    let isNew = false
    await guard(Object.assign(req, { method, originalUrl, body: await text(req) }), res, (error) => {
      if (error) throw error
      isNew = true
    })
    if (!isNew) return
    Object.defineProperty(context.response, 'writable', { value: true })
    await next()
  })
  return app
}
